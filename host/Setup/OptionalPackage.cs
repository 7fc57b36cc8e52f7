namespace EDA.Host.Setup;

/// <summary>A package that the engine uses where the package feed has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Property">The MSBuild property that turns it on (Directory.Build.props).</param>
/// <param name="Probe">The folder below host/Setup/Probes with the program that tests it.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Download">What fetching it costs, where that is worth saying; else null.</param>
public sealed record OptionalPackage(string Name, string Property, string Probe, string Purpose, string? Download)
{
    /// <summary>The optional packages.</summary>
    public static IReadOnlyList<OptionalPackage> All { get; } =
    [
        new("ILGPU", "UseIlgpu", "Ilgpu", "kernels on NVIDIA GPUs", null),
        new("TorchSharp", "UseTorchSharp", "TorchSharp", "torch.optim optimizers and the autograd reference", $"{TorchDownload} to download where it is not cached. On CUDA it is not used: that would be {TorchCuda}"),
    ];

    // What engine/Optimizers/TorchSharp asks for of the versions in Directory.Packages.props, with the packages' sizes.
    private static string TorchDownload =>
        OperatingSystem.IsWindows() ? "TorchSharp 0.107.0 and libtorch-cpu-win-x64 2.10.0, 83 MB, 0.3 GB unpacked,"
        : OperatingSystem.IsMacOS() ? "TorchSharp 0.107.0 and libtorch-cpu-osx-arm64 2.10.0, 60 MB, 0.3 GB unpacked,"
        : "TorchSharp 0.107.0 and libtorch-cpu-linux-x64 2.10.0, 132 MB, 0.5 GB unpacked,";

    // Its size as TorchSharp's developers give it.
    private static string TorchCuda => $"TorchSharp-cuda-{(OperatingSystem.IsWindows() ? "windows" : "linux")} 0.107.0 with libtorch-cuda-12.8 2.10.0, about 3 GB";
}
