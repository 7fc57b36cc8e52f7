using EDA.Engine.Data.Hdf5;
using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Optimizers;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Kernels;
using EDA.Kernels.Gpu;

namespace EDA.Host.Libraries;

/// <summary>What is known of a library that the program uses where it is there.</summary>
/// <param name="Name">Its name, a word.</param>
/// <param name="IsFound">Whether it can be used.</param>
/// <param name="Where">The file; null where there is none.</param>
/// <param name="Version">The version; null where it is not known.</param>
/// <param name="Brings">What can be done with it and not without.</param>
/// <param name="Remedy">How to get it where it is missing, or why the one found cannot be used; null where it is found.</param>
public sealed record LibraryRow(string Name, bool IsFound, string? Where, string? Version, string Brings, string? Remedy)
{
    /// <summary>Looks for all of them: the packages that are in every build, then the native libraries that the machine may have.</summary>
    /// <returns>A row each.</returns>
    public static IReadOnlyList<LibraryRow> All() =>
    [
        Of("ILGPU", typeof(ILGPU.Context), "the kernels of NVIDIA GPUs"),
        Of("ILGPU.Algorithms", typeof(ILGPU.Algorithms.XMath), "their mathematics"),
        Of("TorchSharp", typeof(TorchSharp.torch), "the way to libtorch"),
        Of(CudaLibrary.OfMachine),
        Of(NvtxRanges.Library),
        Of(TorchLibrary.OfMachine),
        Of(MujocoLibrary.OfMachine),
        Of(Hdf5File.Library),
    ];

    /// <summary>What is known of a native library.</summary>
    /// <param name="library">The library.</param>
    /// <returns>Its row.</returns>
    public static LibraryRow Of(MachineLibrary library)
    {
        ArgumentNullException.ThrowIfNull(library);
        // The line that refuses says how to get it, too; where nothing at all was found, that alone is new.
        string? remedy = library.Refusal is not { } refusal ? null : refusal == library.NotFound ? library.Remedy : refusal;
        return new(library.Name, library.IsFound, library.Path, library.Version, library.Brings, remedy);
    }

    private static LibraryRow Of(string package, Type type, string brings)
    {
        string file = Path.Combine(AppContext.BaseDirectory, type.Assembly.GetName().Name + ".dll");
        return new(package, true, File.Exists(file) ? file : null, ProgramVersion.Of(type.Assembly).Split('+')[0], brings, null);
    }
}
