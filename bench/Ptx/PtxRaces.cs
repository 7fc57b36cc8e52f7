namespace EDA.Bench.Ptx;

/// <summary>
/// Who used each word of a group's shared memory since the last barrier. Two warps that use a word, one of them writing,
/// without a barrier in between do so in any order on a GPU.
/// </summary>
/// <param name="words">The words of shared memory.</param>
public sealed class PtxRaces(int words)
{
    private readonly Use[] _uses = new Use[words];
    private int _phase;

    /// <summary>Between barriers: what came before one is no race with what comes after.</summary>
    public void Pass() => _phase++;

    /// <summary>A warp reads or writes.</summary>
    /// <param name="first">The first word.</param>
    /// <param name="count">How many words.</param>
    /// <param name="warp">The warp's number.</param>
    /// <param name="writes">Whether it writes.</param>
    /// <returns>False where another warp uses one of the words, and one of the two writes.</returns>
    public bool Note(int first, int count, int warp, bool writes)
    {
        uint self = 1u << warp;
        for (int i = first; i < first + count; i++)
        {
            ref var use = ref _uses[i];
            if (use.Phase != _phase)
                use = new Use { Phase = _phase };
            if (((writes ? use.Readers | use.Writers : use.Writers) & ~self) != 0)
                return false;
            if (writes)
                use.Writers |= self;
            else
                use.Readers |= self;
        }

        return true;
    }

    private struct Use
    {
        public int Phase;
        public uint Readers;
        public uint Writers;
    }
}
