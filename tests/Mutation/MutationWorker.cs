using System.Globalization;
using EDA.Engine;
using EDA.Engine.Training;
using EDA.Host.CommandLine;

namespace EDA.Tests.Mutation;

/// <summary>
/// Reads changed files in a process of its own, which may die of one:
/// <c>dotnet EDA.Tests.dll mutate FORMAT SEED FIRST END FOLDER</c>. Says on standard output, a line each, which file it
/// begins with and what came of it; the file is in the folder until the next.
/// </summary>
internal static class MutationWorker
{
    /// <summary>The word of the command line.</summary>
    public const string Command = "mutate";

    /// <summary>A line that says that a file is begun with.</summary>
    public const string Begun = "begun";

    /// <summary>A line that says that a file was read.</summary>
    public const string Accepted = "accepted";

    /// <summary>A line that says that a file was refused as it should be.</summary>
    public const string Refused = "refused";

    /// <summary>A line that says what is wrong with how a file was read.</summary>
    public const string Failed = "failed";

    private const int LongestMessage = 3000;

    /// <summary>What a file's name ends in where it is kept, because it was not read as it should be.</summary>
    public static string Kept(int index) => FormattableString.Invariant($".{index}.failed");

    /// <summary>Reads the files from one number to another, those that were not changed before them.</summary>
    public static int Run(string format, int seed, int first, int end, string folder)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        using var subject = MutatedFormat.All[format]();
        string path = Path.Combine(folder, subject.FileName);
        foreach (byte[] whole in subject.Seeds)
        {
            File.WriteAllBytes(path, whole);
            if (Read(subject, path, whole.Length) is not (Accepted, _) and var (_, reason))
            {
                output.WriteLine($"{Failed} -1 a file that was not changed: {reason}");
                return 1;
            }
        }

        for (int index = first; index < end; index++)
        {
            byte[] bytes = subject.File(seed, index);
            (subject as FaultyFormat)?.Next(index);
            File.WriteAllBytes(path, bytes);
            output.WriteLine(FormattableString.Invariant($"{Begun} {index}"));
            var (outcome, reason) = Read(subject, path, bytes.Length);
            if (outcome == Failed)
                File.WriteAllBytes(path + Kept(index), bytes);
            output.WriteLine(FormattableString.Invariant($"{outcome} {index} {reason}"));
        }

        return 0;
    }

    private static (string Outcome, string Reason) Read(MutatedFormat format, string path, long size)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        var (outcome, reason) = Read(format, path);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        return allocated > format.Allowance + (8 * size)
            ? (Failed, string.Create(CultureInfo.InvariantCulture, $"allocated {allocated >> 20} MiB for {size} bytes ({outcome} {reason})"))
            : (outcome, reason);
    }

    private static (string Outcome, string Reason) Read(MutatedFormat format, string path)
    {
        try
        {
            format.Read(path);
            return (Accepted, string.Empty);
        }
        catch (Exception error) when (error is InvalidFileException or UserError or InvalidSettingException)
        {
            return Complaint(error.Message, Path.GetFileName(path)) is { } complaint ? (Failed, $"{complaint}: {Escaped(error.Message)}") : (Refused, error.Message);
        }
        catch (TrainingDivergedException error)
        {
            return Complaint(error.Message, string.Empty) is { } complaint ? (Failed, $"{complaint}: {Escaped(error.Message)}") : (Refused, error.Message);
        }
        catch (Exception error)
        {
            return (Failed, Escaped(error.ToString()));
        }
    }

    // What is wrong with what a user would see.
    private static string? Complaint(string message, string name) =>
        message.AsSpan().IndexOfAny('\n', '\r', '\u2028') >= 0 ? "more than a line"
        : message.Any(char.IsControl) ? "a line with control characters"
        : message.Length > LongestMessage ? "too long a line"
        : !message.Contains(name, StringComparison.Ordinal) ? "does not name the file"
        : null;

    private static string Escaped(string text) =>
        string.Concat(text.Take(LongestMessage).Select(letter => letter is '\n' ? " | " : char.IsControl(letter) ? FormattableString.Invariant($"\\x{(int)letter:x2}") : letter.ToString()));
}
