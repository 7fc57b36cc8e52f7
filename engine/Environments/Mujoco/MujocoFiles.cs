using System.Runtime.InteropServices;

namespace EDA.Engine.Environments.Mujoco;

/// <summary>Where a MuJoCo library may be: names the system resolves, then files in the usual folders.</summary>
internal static class MujocoFiles
{
    public static IEnumerable<string> Candidates()
    {
        if (OperatingSystem.IsWindows())
            return ["mujoco"];
        return OperatingSystem.IsMacOS()
            ? ["libmujoco.dylib", .. Files("libmujoco.3*.dylib")]
            : ["libmujoco.so.2.2.2", "libmujoco.so", .. Files("libmujoco.so.3*")];
    }

    /// <summary>A versioned name cannot be guessed: the newest file that matches.</summary>
    private static IEnumerable<string> Files(string pattern) =>
        Folders().Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern))
            .OrderByDescending(file => Version.TryParse(Digits(Path.GetFileName(file)), out var version) ? version : new Version());

    private static string Digits(string name) =>
        string.Join('.', name.Split('.').Where(part => part.Length > 0 && part.All(char.IsAsciiDigit)));

    private static IEnumerable<string> Folders()
    {
        string triplet = (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64") + "-linux-gnu";
        foreach (string folder in (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries))
            yield return folder;
        yield return "/usr/local/lib";
        yield return "/usr/lib/" + triplet;
        yield return "/usr/lib64";
        yield return "/usr/lib";
        string mujoco = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".mujoco");
        if (!Directory.Exists(mujoco))
            yield break;
        foreach (string release in Directory.EnumerateDirectories(mujoco))
            yield return Path.Combine(release, "lib");
    }
}
