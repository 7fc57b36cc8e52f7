using EDA.Host.Tables;

namespace EDA.Host.Experiments;

/// <summary>What has been worked on a stage of a sweep: <c>work.csv</c> in its folder, a row for each piece of work.</summary>
internal static class WorkLog
{
    private const string FileName = "work.csv";
    private static readonly string[] _columns = ["stage", "from", "to", "seconds", "process", "host"];

    /// <summary>Adds the steps of a piece of work.</summary>
    /// <param name="folder">The stage's folder, held by this process.</param>
    /// <param name="count">What was done.</param>
    public static void Add(string folder, StepCount count)
    {
        string path = Path.Combine(folder, FileName);
        bool isNew = !File.Exists(path);
        using var csv = isNew ? CsvFile.Create(path) : CsvFile.Append(path);
        if (isNew)
            csv.Row(_columns);
        foreach (var (stage, from, to, seconds) in count.Steps)
        {
            csv.Row([
                stage, from.ToString(CultureInfo.InvariantCulture), to.ToString(CultureInfo.InvariantCulture), seconds.ToString("0.000", CultureInfo.InvariantCulture),
                Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Environment.MachineName]);
        }
    }

    /// <summary>The steps taken in a stage's folder, by what was done; a row that a kill has cut in half counts as none.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Steps and seconds by the name that reports have.</returns>
    public static IReadOnlyDictionary<string, (long Steps, double Seconds)> Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        var sums = new Dictionary<string, (long Steps, double Seconds)>();
        if (!File.Exists(path))
            return sums;
        foreach (string[] row in File.ReadAllLines(path).Skip(1).Select(line => line.Split(',')).Where(row => row.Length == _columns.Length))
        {
            var (steps, seconds) = sums.GetValueOrDefault(row[0]);
            sums[row[0]] = (
                steps + long.Parse(row[2], CultureInfo.InvariantCulture) - long.Parse(row[1], CultureInfo.InvariantCulture),
                seconds + double.Parse(row[3], CultureInfo.InvariantCulture));
        }

        return sums;
    }
}
