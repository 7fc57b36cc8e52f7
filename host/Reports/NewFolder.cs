using EDA.Host.CommandLine;

namespace EDA.Host.Reports;

/// <summary>Makes the folders that runs are written to. A folder that is there already is never written to.</summary>
public static class NewFolder
{
    /// <summary>Makes a folder.</summary>
    /// <param name="wanted">Where the user wants it; null for runs/NAME, or runs/NAME-2 and so on where that is taken.</param>
    /// <param name="name">The name.</param>
    /// <param name="marker">A file that will be in it: the process that makes it first owns the name.</param>
    /// <param name="parent">Where it goes if the user does not say.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="UserError">The wanted folder is there already and is not empty, or no folder can be made there.</exception>
    public static string Create(string? wanted, string name, string marker, string parent = "runs")
    {
        try
        {
            if (wanted is null)
                return Claim(Path.GetFullPath(Path.Combine(parent, name)), marker);
            RequireFree(wanted);
            return Directory.CreateDirectory(Path.GetFullPath(wanted)).FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(wanted ?? parent, error);
        }
    }

    /// <summary>Refuses a folder that nothing may be written to. Nothing is made.</summary>
    /// <param name="wanted">Where the user wants it.</param>
    /// <exception cref="UserError">It has no name, or is there already and is not empty.</exception>
    public static void RequireFree(string wanted)
    {
        if (string.IsNullOrWhiteSpace(wanted))
            throw UserError.Value("--out", wanted, "the name of a folder that is new or empty");
        if (File.Exists(wanted) || (Directory.Exists(wanted) && Directory.EnumerateFileSystemEntries(wanted).Any()))
            throw UserError.Value("--out", wanted, "a folder that is new or empty; nothing is overwritten");
    }

    /// <summary>The refusal of a folder that cannot be written.</summary>
    /// <param name="wanted">Where the user wants it; null for runs.</param>
    /// <param name="error">What the system says.</param>
    /// <returns>The refusal.</returns>
    public static UserError Unwritable(string? wanted, Exception error) => UserError.Value("--out", wanted ?? "runs", $"a folder that can be written ({error.Message})");

    /// <summary>A folder as a reader at the current folder would name it.</summary>
    /// <param name="path">Its full path.</param>
    /// <returns>The name.</returns>
    public static string Shown(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    // Two runs may start at once: the one that makes the marker file first owns the name.
    private static string Claim(string path, string marker)
    {
        for (int number = 1; ; number++)
        {
            string candidate = number == 1 ? path : $"{path}-{number}";
            if (Directory.Exists(candidate) || File.Exists(candidate))
                continue;
            Directory.CreateDirectory(candidate);
            string claim = Path.Combine(candidate, marker);
            try
            {
                using var file = new FileStream(claim, FileMode.CreateNew);
                return candidate;
            }
            catch (IOException) when (File.Exists(claim))
            {
                // Taken between the look and the claim: try the next name.
            }
        }
    }
}
