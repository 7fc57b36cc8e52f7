namespace EDA.Bench.Comparison;

/// <summary>Which library of matrix products a process has really loaded: its speed is PyTorch's on a CPU.</summary>
/// <param name="Name">openblas, mkl, blis, atlas, reference or unknown.</param>
/// <param name="Path">The file; null where it is part of PyTorch, or was not found.</param>
public sealed record BlasLibrary(string Name, string? Path)
{
    private const string System = "libblas.so.3";

    /// <summary>Netlib's library, which Debian brings where nothing faster is installed: plain loops, many times slower.</summary>
    public const string Reference = "reference";

    /// <summary>Whether a comparison against it says nothing.</summary>
    public bool IsUnfair => Name == Reference;

    /// <summary>What mends an unfair comparison, in a line.</summary>
    public string Remedy => $"PyTorch multiplies matrices with the unoptimised reference BLAS ({Path}), so its times are no measure of it; Debian's libopenblas0-pthread brings a fast one";

    /// <summary>Looks it up among the files that a process has mapped.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="builtIn">The library that PyTorch says it was built with; null where it does not say.</param>
    /// <returns>The library.</returns>
    public static BlasLibrary Of(int processId, string? builtIn)
    {
        try
        {
            return Of(OperatingSystem.IsLinux() ? File.ReadLines($"/proc/{processId}/maps") : [], builtIn);
        }
        catch (IOException)
        {
            return new(builtIn ?? "unknown", null);
        }
    }

    /// <summary>Looks it up in Linux' list of mapped files.</summary>
    /// <param name="maps">The lines of /proc/PID/maps.</param>
    /// <param name="builtIn">The library that PyTorch says it was built with; null where it does not say.</param>
    /// <returns>The library.</returns>
    /// <remarks>
    /// The system's libblas.so.3 decides where there is one: NumPy's wheels bring an OpenBLAS of their own that PyTorch
    /// never calls. Debian's alternatives are told apart by the folder.
    /// </remarks>
    public static BlasLibrary Of(IEnumerable<string> maps, string? builtIn)
    {
        string[] files = [.. maps.Select(line => line.IndexOf('/') is >= 0 and int at ? line[at..] : string.Empty).Where(file => file.Length > 0).Distinct()];
        if (files.FirstOrDefault(file => global::System.IO.Path.GetFileName(file).StartsWith(System, StringComparison.Ordinal)) is { } system)
            return new(Known(system) ?? Reference, system);
        if (files.FirstOrDefault(file => global::System.IO.Path.GetFileName(file).StartsWith("libmkl", StringComparison.Ordinal)) is { } mkl)
            return new("mkl", mkl);
        if (builtIn is not null)
            return new(builtIn, null);
        return files.FirstOrDefault(file => file.Contains("torch", StringComparison.Ordinal) && Known(file) is not null) is { } own
            ? new(Known(own)!, own)
            : files.FirstOrDefault(file => Known(file) is not null) is { } any ? new(Known(any)!, any) : new("unknown", null);
    }

    private static string? Known(string file) =>
        ((string[])["openblas", "mkl", "blis", "atlas"]).FirstOrDefault(name => file.Contains(name, StringComparison.OrdinalIgnoreCase));
}
