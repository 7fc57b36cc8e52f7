using EDA.Kernels.Gpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

// Runs a kernel on ILGPU's CPU accelerator, which every machine has, and compiles the engine's own for GPUs; these are
// only counted.
using var context = Context.Create(builder => builder.CPU().EnableAlgorithms().Optimize(OptimizationLevel.O2));
using var accelerator = context.CreateCPUAccelerator(0);
const int Length = 64;
using var buffer = accelerator.Allocate1D<float>(Length);
var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, float>(Scale);
kernel(Length, buffer.View, 3f);
accelerator.Synchronize();
float[] values = buffer.GetAsArray1D();
for (int i = 0; i < Length; i++)
{
    if (MathF.Abs(values[i] - (3f * MathF.Sqrt(i))) > 1e-4f)
    {
        Console.WriteLine($"element {i} is {values[i]}, not {3f * MathF.Sqrt(i)}");
        return 1;
    }
}

using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null);
foreach (var engine in KernelCatalogue.All)
{
    try
    {
        backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(engine.Method), default);
    }
    catch (Exception refused)
    {
        Console.WriteLine($"{engine.Name} does not compile: {refused.Message.ReplaceLineEndings(" ")}");
        return 1;
    }
}

int cuda = CudaMachine.Gpus.Count;
Console.WriteLine($"ILGPU {typeof(Context).Assembly.GetName().Version?.ToString(3)}, {cuda} CUDA device{(cuda == 1 ? string.Empty : "s")}");
return 0;

static void Scale(Index1D index, ArrayView<float> view, float factor) => view[index] = factor * XMath.Sqrt(index);
