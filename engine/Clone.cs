namespace EDA.Engine;

/// <summary>The clone of the repository that this program was built in.</summary>
public static class Clone
{
    /// <summary>The nearest folder above the program that holds the solution; null where the program stands elsewhere.</summary>
    public static string? Root { get; } = Find(AppContext.BaseDirectory);

    private static string? Find(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "EDA.Engine.sln")))
                return at.FullName;
        }

        return null;
    }
}
