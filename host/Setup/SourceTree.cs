using EDA.Engine;
using EDA.Host.CommandLine;

namespace EDA.Host.Setup;

/// <summary>The repository that this program was built from.</summary>
public static class SourceTree
{
    /// <summary>Its folder; null where the program was copied away from it.</summary>
    public static string? Root => Clone.Root;

    /// <summary>Its folder.</summary>
    /// <returns>The path.</returns>
    /// <exception cref="UserError">The program was copied away from its sources.</exception>
    public static string RequireRoot() => Root ?? throw new UserError("this program stands outside its source tree; this works inside a clone of the repository");
}
