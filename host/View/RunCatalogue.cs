using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using EDA.Host.CommandLine;
using EDA.Host.Experiments;
using EDA.Host.Reports;

namespace EDA.Host.View;

/// <summary>A sweep as a list shows it.</summary>
/// <param name="Id">What it is asked for by.</param>
/// <param name="FullPath">Its folder.</param>
internal sealed record ViewedSweep(string Id, string FullPath)
{
    /// <summary>The folder as a reader at the current folder would name it.</summary>
    public string Folder => NewFolder.Shown(FullPath);
}

/// <summary>What was found below the folders at one moment.</summary>
/// <param name="Version">Another wherever anything is different.</param>
/// <param name="Rows">The runs, by the names of their folders.</param>
/// <param name="Sweeps">The sweeps, too.</param>
internal sealed record Listing(string Version, IReadOnlyList<RunRow> Rows, IReadOnlyList<ViewedSweep> Sweeps);

/// <summary>
/// The runs and sweeps below some folders, as they are on disk: nothing is written, no lock taken, and a folder is read
/// again only where its files have changed. What is shown is asked for by an identity that was found here, never by a path.
/// </summary>
internal sealed class RunCatalogue
{
    private const int Deepest = 8, IdentityLength = 12;
    private static readonly EnumerationOptions _below = new() { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
    private static readonly TimeSpan _least = TimeSpan.FromMilliseconds(700);

    private readonly IReadOnlyList<string> _roots;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, (object Stamp, RunRow Row)> _read = new();
    private readonly ConcurrentDictionary<string, string> _paths = new();
    private Listing? _last;
    private long _lookedAt;
    private TimeSpan _pause;

    /// <summary>Opens the folders.</summary>
    /// <param name="folders">Run folders, folders of several seeds, sweeps, or folders with such folders at any depth.</param>
    /// <exception cref="UserError">One is not there.</exception>
    public RunCatalogue(IReadOnlyList<string> folders) => _roots =
    [
        .. folders.Select(folder => Directory.Exists(folder)
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))
            : throw UserError.Value("FOLDER", folder, "a folder that exists, with runs or sweeps below it")).Distinct(),
    ];

    /// <summary>The folders as a reader at the current folder would name them.</summary>
    public IReadOnlyList<string> Roots => [.. _roots.Select(root => NewFolder.Shown(root) is not "." and var shown ? shown : root)];

    /// <summary>Looks at the folders, unless that was done a moment ago: looking takes at most a tenth of the time.</summary>
    /// <returns>What was found.</returns>
    public Listing Look()
    {
        lock (_gate)
        {
            if (_last is not null && Stopwatch.GetElapsedTime(_lookedAt) < _pause)
                return _last;
            long start = Stopwatch.GetTimestamp();
            var (runs, sweeps) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
            foreach (string root in _roots)
                Collect(root, runs, sweeps, 0);
            var rows = new RunRow[runs.Count];
            Parallel.ForEach(runs.Select((path, number) => (path, number)), run => rows[run.number] = RowOf(run.path));
            ViewedSweep[] found = [.. sweeps.Select(path => new ViewedSweep(IdOf(path), path))];
            _last = new Listing(VersionOf(rows, found), rows, found);
            _lookedAt = Stopwatch.GetTimestamp();
            var taken = Stopwatch.GetElapsedTime(start, _lookedAt) * 10;
            _pause = taken > _least ? taken : _least;
            return _last;
        }
    }

    /// <summary>The folder that an identity stands for, as it is now.</summary>
    /// <param name="id">The identity.</param>
    /// <returns>Its full path; null where it was not found below the folders, or is no longer there.</returns>
    public string? Find(string id)
    {
        if (!_paths.ContainsKey(id))
            _ = Look();
        return _paths.TryGetValue(id, out string? path) && Directory.Exists(path) ? path : null;
    }

    /// <summary>What a folder below the folders is asked for by.</summary>
    /// <param name="path">Its full path.</param>
    /// <returns>The identity.</returns>
    public string IdOf(string path)
    {
        string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..IdentityLength];
        _paths[id] = path;
        return id;
    }

    /// <summary>A run as it is now.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The row, read again where files have changed.</returns>
    public RunRow RowOf(string path)
    {
        string id = IdOf(path);
        var stamp = new ViewedRun(path).Stamp;
        // A lock grows old without changing: whether its holder lives is looked at each time.
        if (!stamp.Lock.IsThere && _read.TryGetValue(path, out var known) && known.Stamp.Equals(stamp))
            return known.Row;
        var row = RunRow.Read(id, path);
        _read[path] = (stamp, row);
        return row;
    }

    private static void Collect(string folder, SortedSet<string> runs, SortedSet<string> sweeps, int depth)
    {
        if (File.Exists(Path.Combine(folder, ViewedRun.ConfigName)))
        {
            runs.Add(folder);
            return;
        }

        if (File.Exists(Path.Combine(folder, SweepDefinition.FileName)))
        {
            sweeps.Add(folder);
            folder = Path.Combine(folder, "runs");
        }

        if (depth == Deepest || !Directory.Exists(folder))
            return;
        foreach (string below in Directory.EnumerateDirectories(folder, "*", _below))
            Collect(below, runs, sweeps, depth + 1);
    }

    private static string VersionOf(RunRow[] rows, ViewedSweep[] sweeps)
    {
        var hash = new HashCode();
        foreach (var row in rows)
        {
            hash.Add(row with { Settings = RunRow.None });
            hash.Add(row.Settings.Count);
        }

        foreach (var sweep in sweeps)
            hash.Add(sweep.Id);
        return $"{rows.Length}-{(uint)hash.ToHashCode():x8}";
    }
}
