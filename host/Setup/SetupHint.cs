namespace EDA.Host.Setup;

/// <summary>Tells the owner of an NVIDIA GPU about ./eda setup, once in each clone.</summary>
public static class SetupHint
{
    /// <summary>What is told.</summary>
    public const string Text = "This machine has an NVIDIA driver: ./eda setup tries to put it to use.";

    /// <summary>Tells it, unless it was told before or setup was run.</summary>
    /// <param name="root">The repository's folder; null for none.</param>
    /// <param name="hasDriver">Whether there is an NVIDIA driver.</param>
    /// <param name="output">Where to.</param>
    public static void Once(string? root, bool hasDriver, TextWriter output)
    {
        if (root is null || !hasDriver || OptionalProps.Exist(root))
            return;
        string folder = Path.Combine(root, "artifacts", "launcher");
        string told = Path.Combine(folder, "setup.told");
        if (File.Exists(told))
            return;
        output.WriteLine(Text);
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(told, string.Empty);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Where nothing can be remembered it is told again.
        }
    }
}
