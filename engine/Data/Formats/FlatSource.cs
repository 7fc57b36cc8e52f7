namespace EDA.Engine.Data.Formats;

/// <summary>D4RL's layout: an array for each field, a row for each step, episodes one below the other.</summary>
internal abstract class FlatSource(string path, string format) : DatasetSource(path, format)
{
    /// <inheritdoc/>
    public override TransitionArrays Read(DatasetProblems problems)
    {
        using var observations = Needed(FieldNames.Observations);
        using var actions = Needed(FieldNames.Actions);
        using var rewards = Needed(FieldNames.Rewards);
        using var terminals = Needed(FieldNames.Terminals);
        using var timeouts = Find(FieldNames.Timeouts);
        CheckMatrix(observations, -1);
        long rows = observations.Shape[0];
        CheckCount(rows);
        CheckMatrix(actions, rows);
        CheckColumn(rewards, rows);
        CheckColumn(terminals, rows);
        if (timeouts is not null)
            CheckColumn(timeouts, rows);
        return new TransitionArrays(
            Numbers(observations),
            (int)observations.Shape[1],
            Numbers(actions),
            (int)actions.Shape[1],
            Numbers(rewards),
            Flags(terminals, problems),
            timeouts is null ? null : Flags(timeouts, problems));
    }

    /// <inheritdoc/>
    public override NextStates? CompareNextStates(OfflineDataset dataset)
    {
        try
        {
            using var next = Find(FieldNames.NextObservations);
            return next is null ? null : NextStates.Compare(next, dataset);
        }
        catch (InvalidFileException unreadable)
        {
            // The rows do not need it.
            return new NextStates(0, 0, unreadable.Reason);
        }
    }

    /// <summary>Opens a field, or gives null where there is none of that name.</summary>
    protected abstract INumberArray? Find(string name);

    /// <summary>The names that there are, for a message.</summary>
    protected abstract IReadOnlyList<string> Names { get; }

    private INumberArray Needed(string name) =>
        Find(name) ?? throw new InvalidFileException(Path, $"{name} is missing; there {(Names.Count > 0 ? $"is {string.Join(", ", Names)}" : "is nothing")}");

    private static float[] Numbers(INumberArray array)
    {
        var values = new float[array.Shape.Aggregate(1L, (product, size) => product * size)];
        array.Read(values);
        return values;
    }

    private bool[] Flags(INumberArray array, DatasetProblems problems)
    {
        var values = new bool[array.Shape[0]];
        array.Read(values, (row, value) => ReportFlag(problems, array.Name, row, value));
        return values;
    }
}
