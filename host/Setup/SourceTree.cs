using EDA.Host.CommandLine;

namespace EDA.Host.Setup;

/// <summary>The repository that this program was built from.</summary>
public static class SourceTree
{
    /// <summary>The nearest folder above the program that holds the central package versions; null where there is none.</summary>
    public static string? Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The repository's folder.</summary>
    /// <returns>The path.</returns>
    /// <exception cref="UserError">The program was copied away from its sources.</exception>
    public static string RequireRoot() => Root ?? throw new UserError("this program stands outside its source tree; setup works inside a clone of the repository");

    private static string? Find(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Directory.Packages.props")) && File.Exists(Path.Combine(at.FullName, "EDA.Engine.sln")))
                return at.FullName;
        }

        return null;
    }
}
