using System.Runtime.InteropServices;

namespace EDA.Kernels;

/// <summary>A native library in this process.</summary>
/// <param name="Path">The file, or the name under which the system found it.</param>
/// <param name="Handle">The library.</param>
public sealed record LoadedLibrary(string Path, nint Handle)
{
    /// <summary>The address of a function or a variable.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The address.</returns>
    /// <exception cref="MissingLibraryException">The library has none of this name.</exception>
    public nint Address(string name) =>
        NativeLibrary.TryGetExport(Handle, name, out nint address) ? address : throw new MissingLibraryException($"{Path} has no {name}");
}
