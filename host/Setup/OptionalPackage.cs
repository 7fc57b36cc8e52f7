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
        // Sizes of 0.107.0 with libtorch-cpu 2.10.0, which brings the libraries of all three operating systems.
        new("TorchSharp", "UseTorchSharp", "TorchSharp", "torch.optim optimizers and the autograd reference", "270 MB to download where it is not cached, 1.2 GB unpacked"),
    ];
}
