using System.Runtime.InteropServices;

namespace EDA.Kernels.Gpu.Software;

/// <summary>
/// Runs the items of one group after another, on the calling thread. In each turn every item that can go on runs to
/// where it waits next; then warps that meet exchange values and go on, and when all warps wait at the same barrier
/// the group goes on.
/// </summary>
internal sealed unsafe class GroupRun : IDisposable
{
    public const int WarpSize = 32;

    // An item's state besides its site: it may go on, or it waits for the group (at a barrier, or at the end).
    private readonly ItemProgram _program;
    private readonly int _size;
    private readonly int[] _sites;
    private readonly bool[] _waits;
    private readonly int[] _order;
    private readonly bool _shuffled;
    private readonly Random _random = new(20240907);
    private readonly byte* _frames;

    public GroupRun(ItemProgram program, int size, ItemOrder order)
    {
        _program = program;
        _size = size;
        _sites = new int[size];
        _waits = new bool[size];
        _order = [.. Enumerable.Range(0, size).Select(item => order == ItemOrder.Reverse ? size - 1 - item : item)];
        _shuffled = order == ItemOrder.Shuffled;
        _frames = (byte*)NativeMemory.AlignedAlloc((nuint)program.FrameSize * (nuint)size, 64);
    }

    public void Dispose() => NativeMemory.AlignedFree(_frames);

    /// <summary>Runs one group, all of whose items begin with the variables given.</summary>
    /// <exception cref="GroupDivergenceException">Its items part at a barrier.</exception>
    public void Run(ReadOnlySpan<byte> variables)
    {
        for (int item = 0; item < _size; item++)
            variables.CopyTo(new Span<byte>(Frame(item), _program.FrameSize));
        _sites.AsSpan().Clear();
        _waits.AsSpan().Clear();
        do
        {
            Advance();
        }
        while (MeetInWarps() || MeetInGroup());
    }

    private byte* Frame(int item) => _frames + ((nint)item * _program.FrameSize);

    private void Advance()
    {
        if (_shuffled)
            _random.Shuffle(_order);
        foreach (int item in _order)
        {
            if (_waits[item])
                continue;
            ItemContext.ItemX = item;
            _sites[item] = _program.Resume(Frame(item), _sites[item]);
        }
    }

    // Whether any warp can go on.
    private bool MeetInWarps()
    {
        bool any = false;
        for (int first = 0; first < _size; first += WarpSize)
        {
            if (_waits[first])
                continue;
            int lanes = Math.Min(WarpSize, _size - first);
            RequireTogether(first, lanes);
            int site = _sites[first];
            if (site == 0 || _program.Sites[site - 1].Kind == SuspensionKind.GroupBarrier)
            {
                _waits.AsSpan(first, lanes).Fill(true);
                continue;
            }

            Exchange(_program.Sites[site - 1].Kind, first, lanes);
            any = true;
        }

        return any;
    }

    // Whether the group goes on.
    private bool MeetInGroup()
    {
        RequireTogether(0, _size);
        _waits.AsSpan().Clear();
        return _sites[0] != 0;
    }

    private void Exchange(SuspensionKind kind, int first, int lanes)
    {
        for (int lane = 0; lane < lanes && kind != SuspensionKind.WarpBarrier; lane++)
        {
            byte* frame = Frame(first + lane);
            int argument = *(int*)(frame + ItemFrame.LaneArgument);
            int source = kind switch
            {
                SuspensionKind.Shuffle => argument % WarpSize,
                SuspensionKind.ShuffleDown => lane + argument < WarpSize ? lane + argument : lane,
                _ => lane ^ argument,
            };
            // A lane that does not exist gives NaN: on a GPU, anything.
            *(ulong*)(frame + ItemFrame.ReceivedValue) = source >= 0 && source < lanes ? *(ulong*)(Frame(first + source) + ItemFrame.GivenValue) : ulong.MaxValue;
        }
    }

    private void RequireTogether(int first, int count)
    {
        int site = _sites[first];
        int other = _sites.AsSpan(first, count).IndexOfAnyExcept(site);
        if (other >= 0)
        {
            throw new GroupDivergenceException(
                $"items {first} and {first + other} of group ({ItemContext.GroupX}, {ItemContext.GroupY}) part: one is at {Describe(site)}, the other at {Describe(_sites[first + other])}");
        }
    }

    private string Describe(int site) => site == 0 ? "the end" : _program.Sites[site - 1].ToString();
}
