using System.Globalization;
using System.Text.Json;
using EDA.Engine.Data.Hdf5;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// An HDF5 file as Minari writes them (main_data.hdf5): a group for each episode, with T rows of actions, rewards,
/// terminations and truncations and T + 1 of observations. Laid one below the other they are the rows that D4RL would
/// have: a truncation is a timeout, and so is the last row of an episode that has no flag. The observation after the
/// last step stays unread, as the standard view ignores next observations.
/// </summary>
internal sealed class MinariSource : DatasetSource
{
    private const string Prefix = "episode_";
    private const string Terminations = "terminations";
    private const string Truncations = "truncations";
    private const string TotalEpisodes = "total_episodes";
    private const string Metadata = "metadata.json";
    private static readonly string[] NotedAttributes = ["dataset_id", "env_spec"];
    private readonly Hdf5File _file;
    private readonly string[] _groups;
    private int[]? _firstRows;

    public MinariSource(Hdf5File file)
        : base(file.Path, "Minari HDF5")
    {
        _file = file;
        _groups = [.. file.Names().Where(name => Number(name) >= 0).OrderBy(Number)];
    }

    /// <inheritdoc/>
    public override string? Note =>
        NotedAttributes.Select(name => _file.TextAttribute("/", name)).FirstOrDefault(text => text is not null) ?? MetadataText();

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetField> Fields
    {
        get
        {
            var fields = new List<DatasetField>();
            foreach (string name in _file.Names(_groups[0]))
            {
                if (_file.IsGroup($"{_groups[0]}/{name}"))
                    continue;
                using var array = _file.Dataset($"{_groups[0]}/{name}");
                fields.Add(new DatasetField(array.Name, Shape(array.Shape), array.TypeName, array.Storage));
            }

            return fields;
        }
    }

    /// <summary>Whether a file has a group for an episode, and not D4RL's observations.</summary>
    public static bool Recognises(Hdf5File file) =>
        !file.Exists(FieldNames.Observations) && file.Names().Any(name => Number(name) >= 0 && file.IsGroup(name));

    /// <inheritdoc/>
    public override TransitionArrays Read(DatasetProblems problems)
    {
        var (rows, stateSize, actionSize) = Measure();
        var arrays = new TransitionArrays(
            new float[(long)rows * stateSize], stateSize, new float[(long)rows * actionSize], actionSize, new float[rows], new bool[rows], new bool[rows]);
        float[] observations = [];
        for (int i = 0; i < _groups.Length; i++)
        {
            int first = _firstRows![i], count = (i + 1 < _groups.Length ? _firstRows[i + 1] : rows) - first;
            using (var array = Open(i, FieldNames.Observations))
            {
                int length = (count + 1) * stateSize;
                if (observations.Length < length)
                    observations = new float[length];
                array.Read(observations.AsSpan(0, length));
                observations.AsSpan(0, count * stateSize).CopyTo(arrays.States.AsSpan(first * stateSize));
            }

            using (var array = Open(i, FieldNames.Actions))
                array.Read(arrays.Actions.AsSpan(first * actionSize, count * actionSize));
            using (var array = Open(i, FieldNames.Rewards))
                array.Read(arrays.Rewards.AsSpan(first, count));
            Flags(i, Terminations, arrays.Terminals.AsSpan(first, count), first, problems);
            Flags(i, Truncations, arrays.Timeouts!.AsSpan(first, count), first, problems);
            if (count > 0 && !arrays.Terminals[first + count - 1])
                arrays.Timeouts![first + count - 1] = true;
        }

        return arrays;
    }

    /// <inheritdoc/>
    public override string Locate(string field, int row, int column)
    {
        int index = Array.BinarySearch(_firstRows!, row);
        index = index >= 0 ? Array.LastIndexOf(_firstRows!, row) : ~index - 1;
        return DatasetChecks.Place($"{_groups[index]}/{field}", row - _firstRows![index], column);
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <summary>The number in episode_17; −1 for other names.</summary>
    private static int Number(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : -1;

    /// <summary>Checks all shapes before anything is read.</summary>
    private (int Rows, int StateSize, int ActionSize) Measure()
    {
        CheckEpisodes();
        long rows = 0, stateSize = -1, actionSize = -1;
        _firstRows = new int[_groups.Length];
        for (int i = 0; i < _groups.Length; i++)
        {
            _firstRows[i] = (int)rows;
            using var observations = Open(i, FieldNames.Observations);
            using var actions = Open(i, FieldNames.Actions);
            using var rewards = Open(i, FieldNames.Rewards);
            using var terminations = Open(i, Terminations);
            using var truncations = Open(i, Truncations);
            CheckMatrix(actions, -1);
            long count = actions.Shape[0];
            CheckMatrix(observations, count + 1);
            CheckColumn(rewards, count);
            CheckColumn(terminations, count);
            CheckColumn(truncations, count);
            CheckWidth(observations, ref stateSize);
            CheckWidth(actions, ref actionSize);
            rows += count;
            // One observation more than there are steps passes through memory, too.
            if (rows + 1 > Array.MaxLength / Math.Max(stateSize, actionSize))
                throw new InvalidFileException(Path, $"{rows} rows and more; allowed is what fits one array in memory");
        }

        CheckCount(rows);
        return ((int)rows, (int)stateSize, (int)actionSize);
    }

    /// <summary>No episode may be missing or there twice: what a writer that was killed leaves, or a copy that was broken off.</summary>
    private void CheckEpisodes()
    {
        for (int i = 1; i < _groups.Length; i++)
        {
            if (Number(_groups[i]) == Number(_groups[i - 1]))
                throw new InvalidFileException(Path, $"{_groups[i - 1]} and {_groups[i]} are the same episode; allowed is one group for each");
        }

        if (_file.NumberAttribute("/", TotalEpisodes) is { } total && total > _groups.Length)
            throw new InvalidFileException(Path, string.Create(CultureInfo.InvariantCulture, $"{TotalEpisodes} is {total} and there are {_groups.Length} episodes; allowed is a file that is whole"));
    }

    private void CheckWidth(INumberArray array, ref long width)
    {
        if (width < 0)
            width = array.Shape[1];
        if (array.Shape[1] != width)
            throw new InvalidFileException(Path, $"{array.Name} has {array.Shape[1]} columns; allowed is {width}, as in {_groups[0]}");
    }

    private Hdf5Dataset Open(int episode, string name)
    {
        string path = $"{_groups[episode]}/{name}";
        if (_file.IsGroup(path))
            throw new InvalidFileException(Path, $"{path} is a group of {string.Join(", ", _file.Names(path))}; allowed is one array, of a space that is no dictionary");
        return _file.Dataset(path);
    }

    private void Flags(int episode, string name, Span<bool> destination, int first, DatasetProblems problems)
    {
        using var array = Open(episode, name);
        array.Read(destination, (row, value) => ReportFlag(problems, name, first + row, value));
    }

    /// <summary>What newer versions keep in a file beside this one.</summary>
    private string? MetadataText()
    {
        string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, Metadata);
        if (!File.Exists(path))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return NotedAttributes
                .Select(name => document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null)
                .FirstOrDefault(text => text is not null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // Only a hint is lost.
            return null;
        }
    }
}
