using System.Globalization;

namespace EDA.Engine.Data;

/// <summary>
/// What is wrong with a file's numbers. Training stops at the first problem; an inspection collects them.
/// </summary>
internal sealed class DatasetProblems
{
    private const int KeptPerField = 3;
    private readonly string _path;
    private readonly bool _collects;
    private readonly Dictionary<string, int> _counts = [];
    private readonly List<string> _lines = [];

    /// <summary>Makes a list that throws at the first problem, or one that collects them.</summary>
    public DatasetProblems(string path, bool collects = false) => (_path, _collects) = (path, collects);

    /// <summary>Whether there was any.</summary>
    public bool Any => _lines.Count > 0;

    /// <summary>A line for each of the first few problems of a field, then how many more there are.</summary>
    public IReadOnlyList<string> Lines() =>
    [
        .. _lines,
        .. _counts.Where(entry => entry.Value > KeptPerField)
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key}: {entry.Value - KeptPerField} more such numbers")),
    ];

    /// <summary>Notes a problem.</summary>
    /// <param name="name">The field it is in.</param>
    /// <param name="line">Where and what, without the file's name.</param>
    /// <exception cref="InvalidFileException">Always, unless problems are collected.</exception>
    public void Report(string name, string line)
    {
        if (!_collects)
            throw new InvalidFileException(_path, line);
        int count = _counts[name] = _counts.GetValueOrDefault(name) + 1;
        if (count <= KeptPerField)
            _lines.Add(line);
    }
}
