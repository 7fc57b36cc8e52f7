using System.Runtime.InteropServices;

namespace EDA.Engine.Evaluation;

/// <summary>
/// The actions that a policy took in an evaluation, step by step. An evaluation that was interrupted is gone on with by
/// taking them again: stepping the environments costs little beside sampling, and leads to the same numbers.
/// </summary>
internal sealed class ActionLog
{
    private readonly List<float> _words = [];
    private int _place;

    /// <summary>The seconds of the evaluations so far, and of them those that went into choosing actions.</summary>
    public (double All, double Acting) Seconds { get; set; }

    /// <summary>Whether all episodes have ended.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Whether there are steps to take again.</summary>
    public bool HasNext => _place < _words.Count;

    /// <summary>Goes back to the first step.</summary>
    public void Rewind() => _place = 0;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _words.Clear();
        (_place, Seconds, IsComplete) = (0, default, false);
    }

    /// <summary>Writes a step down.</summary>
    /// <param name="running">The episodes that still ran.</param>
    /// <param name="actions">Theirs.</param>
    public void Add(int running, ReadOnlySpan<float> actions)
    {
        _words.Add(running);
        _words.AddRange(actions);
        _place = _words.Count;
    }

    /// <summary>Takes the next step again.</summary>
    /// <param name="running">The episodes that still run.</param>
    /// <param name="actions">Filled with theirs.</param>
    /// <exception cref="ReplayException">Others ran at that step: it was written down where numbers come out differently.</exception>
    public void Take(int running, Span<float> actions)
    {
        if (_words[_place] != running || _words.Count - _place <= actions.Length)
            throw new ReplayException();
        for (int i = 0; i < actions.Length; i++)
            actions[i] = _words[_place + 1 + i];
        _place += 1 + actions.Length;
    }

    /// <summary>The actions of some episodes, taken out of the log of all.</summary>
    /// <param name="episodes">Their numbers.</param>
    /// <param name="lengths">How many steps each of all the episodes had.</param>
    /// <param name="actionSize">A.</param>
    /// <returns>The actions of each [T×A]; null where others ran than these lengths say.</returns>
    public float[][]? ActionsOf(IReadOnlyList<int> episodes, IReadOnlyList<int> lengths, int actionSize)
    {
        float[][] actions = [.. episodes.Select(episode => new float[lengths[episode] * actionSize])];
        int[] rows = new int[lengths.Count];
        int place = 0;
        for (int step = 0; place < _words.Count; step++)
        {
            int running = 0;
            for (int episode = 0; episode < rows.Length; episode++)
                rows[episode] = lengths[episode] > step ? running++ : -1;
            if (_words[place] != running || _words.Count - place <= running * actionSize)
                return null;
            for (int i = 0; i < actions.Length; i++)
            {
                if (rows[episodes[i]] is >= 0 and int row)
                    CollectionsMarshal.AsSpan(_words).Slice(place + 1 + (row * actionSize), actionSize).CopyTo(actions[i].AsSpan(step * actionSize));
            }

            place += 1 + (running * actionSize);
        }

        return actions;
    }

    /// <summary>As an array of a saved state: the two kinds of seconds, whether it is complete, then the steps.</summary>
    public float[] ToArray() => [(float)Seconds.All, (float)Seconds.Acting, IsComplete ? 1 : 0, .. _words];

    /// <summary>From an array of a saved state.</summary>
    public static ActionLog From(float[] saved)
    {
        if (saved is not [var all, var acting, var complete, ..])
            return new ActionLog();
        var log = new ActionLog { Seconds = (all, acting), IsComplete = complete == 1 };
        log._words.AddRange(saved.AsSpan(3));
        return log;
    }
}

/// <summary>A written-down evaluation does not lead where it led.</summary>
internal sealed class ReplayException : Exception
{
}
