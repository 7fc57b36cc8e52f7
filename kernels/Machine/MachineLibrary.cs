using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EDA.Kernels;

/// <summary>
/// A native library that a machine has or has not: what it brings, how to get it and, from the first question on, where it
/// was found or why it is missing. Nothing is looked for before.
/// </summary>
public abstract class MachineLibrary
{
    /// <summary>Describes a library.</summary>
    /// <param name="name">Its name, a word.</param>
    /// <param name="brings">What can be done with it and not without.</param>
    /// <param name="remedy">How to get it, to follow a semicolon.</param>
    protected MachineLibrary(string name, string brings, string remedy) => (Name, Brings, Remedy) = (name, brings, remedy);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What can be done with it and not without.</summary>
    public string Brings { get; }

    /// <summary>How to get it.</summary>
    public string Remedy { get; }

    /// <summary>The line that refuses where no file of it was found.</summary>
    public string NotFound => $"{Name} was not found; {Remedy}";

    /// <summary>Why it cannot be used, in one line that says how to get it; null where it can.</summary>
    public abstract string? Refusal { get; }

    /// <summary>Whether it can be used.</summary>
    public bool IsFound => Refusal is null;

    /// <summary>The file that is in use, or the name under which the system found it; null where there is none.</summary>
    public abstract string? Path { get; }

    /// <summary>Its version; null where there is none or it does not say.</summary>
    public abstract string? Version { get; }

    /// <summary>Refuses what needs it, where it is missing.</summary>
    /// <exception cref="MissingLibraryException">It is missing.</exception>
    public void Require()
    {
        if (Refusal is { } refusal)
            throw new MissingLibraryException(refusal);
    }
}

/// <summary>A native library with what the program calls in it.</summary>
/// <typeparam name="TCalls">What the program calls: <see cref="LoadedLibrary"/> itself, or the functions that are needed.</typeparam>
public sealed class MachineLibrary<TCalls> : MachineLibrary
    where TCalls : class
{
    private readonly Func<IEnumerable<string>> _files;
    private readonly Func<LoadedLibrary, TCalls> _bind;
    private readonly Lazy<Finding> _finding;

    /// <summary>Describes a library.</summary>
    /// <param name="name">Its name, a word.</param>
    /// <param name="brings">What can be done with it and not without.</param>
    /// <param name="remedy">How to get it, to follow a semicolon.</param>
    /// <param name="files">Its files, or names that the system finds them under, in the order in which they are tried.</param>
    /// <param name="bind">
    /// Looks up what the program calls, and whether it does what it should; <see cref="MissingLibraryException"/> says in a
    /// few words why this library will not do, and the next file is tried.
    /// </param>
    public MachineLibrary(string name, string brings, string remedy, Func<IEnumerable<string>> files, Func<LoadedLibrary, TCalls> bind)
        : base(name, brings, remedy)
    {
        (_files, _bind) = (files, bind);
        _finding = new(Find);
    }

    /// <summary>The environment variable that names the one file to use; null for none.</summary>
    public string? Variable { get; init; }

    /// <summary>Reads the version; null where the library does not say.</summary>
    public Func<TCalls, string?>? ReadVersion { get; init; }

    /// <summary>Says in a line what the system's loader has against a file that is there, given its words; null for its words.</summary>
    public Func<string, string>? Explain { get; init; }

    /// <summary>What the program calls.</summary>
    /// <exception cref="MissingLibraryException">It is missing.</exception>
    public TCalls Calls
    {
        get
        {
            Require();
            return _finding.Value.Calls!;
        }
    }

    /// <inheritdoc/>
    public override string? Refusal => _finding.Value.Refusal;

    /// <inheritdoc/>
    public override string? Path => _finding.Value.Path is { } path ? Resolved(path) : null;

    /// <inheritdoc/>
    public override string? Version => _finding.Value.Calls is { } calls ? ReadVersion?.Invoke(calls) : null;

    private Finding Find()
    {
        if (Variable is not null && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return Try(File.Exists(given) ? System.IO.Path.GetFullPath(given) : given) ?? new Finding(null, null, $"{Variable} is '{given}'; allowed is a file of {Name}; {Remedy}");
        string? refusal = null;
        foreach (string file in _files())
        {
            if (Try(file) is not { } finding)
                continue;
            if (finding.Calls is not null)
                return finding;
            refusal ??= finding.Refusal;
        }

        return new Finding(null, null, refusal ?? NotFound);
    }

    // Null where there is no such file.
    private Finding? Try(string file)
    {
        nint handle;
        try
        {
            // By a name alone the system finds it or not; a file that is there and does not load has a reason.
            if (System.IO.Path.IsPathRooted(file) && File.Exists(file))
                handle = NativeLibrary.Load(file);
            else if (!NativeLibrary.TryLoad(file, out handle))
                return null;
        }
        catch (Exception refused) when (refused is DllNotFoundException or BadImageFormatException)
        {
            string words = Telling(refused.Message);
            return new Finding(null, null, Explain?.Invoke(words) ?? $"{Name} does not load: {words}");
        }

        try
        {
            return new Finding(_bind(new LoadedLibrary(file, handle)), file, null);
        }
        catch (MissingLibraryException unusable)
        {
            return new Finding(null, null, $"{unusable.Message}; {Remedy}");
        }
    }

    // The loader says several lines, one for each place that it looked at; the telling one says which version was not found there.
    private static string Telling(string message)
    {
        string[] lines = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.FirstOrDefault(line => line.Contains("version", StringComparison.Ordinal)) ?? lines[^1];
    }

    // What the system found by a name is among the files of this process, perhaps under the name that a link stands for.
    private static string Resolved(string path)
    {
        if (System.IO.Path.IsPathRooted(path))
            return path;
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName).FirstOrDefault(file => Stem(file) == Stem(path)) ?? path;
    }

    // libhdf5.so.103.3.0 → libhdf5
    private static string Stem(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        int end = name.IndexOf(".so", StringComparison.Ordinal) is >= 0 and int at ? at : name.LastIndexOf('.');
        return end > 0 ? name[..end] : name;
    }

    private sealed record Finding(TCalls? Calls, string? Path, string? Refusal);
}
