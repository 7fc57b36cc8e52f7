using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Kernels.Gpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Bench.Ptx;

/// <summary>eda bench ptx: every kernel as PTX, for ptxas and cuobjdump; takes no GPU.</summary>
internal static class PtxCommand
{
    public static Command Create()
    {
        var folder = new Option<string?>("--out") { Description = "the folder, new or empty", HelpName = "DIR" };
        var ptx = new Command("ptx", "write every kernel as PTX for sm_80, for ptxas -v and cuobjdump; takes no GPU") { folder };
        ptx.SetAction(result =>
        {
            string path = result.GetValue(folder) is { Length: > 0 } given ? Path.GetFullPath(given) : throw new UserError("--out is missing; it is a folder that is new or empty");
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
                throw UserError.Value("--out", path, "a folder that is new or empty; nothing is overwritten");
            Directory.CreateDirectory(path);
            using var context = Context.Create(builder => builder.EnableAlgorithms().Optimize(OptimizationLevel.O2));
            using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null);
            foreach (var kernel in KernelCatalogue.All)
            {
                var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), default);
                File.WriteAllText(Path.Combine(path, kernel.Name + ".ptx"), compiled.PTXAssembly);
            }

            Console.WriteLine($"{KernelCatalogue.All.Count} kernels are in {path}");
            return ExitStatus.Success;
        });
        return ptx;
    }
}
