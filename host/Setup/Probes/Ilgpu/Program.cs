using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

// Compiles a kernel and runs it on ILGPU's CPU accelerator, which every machine has; CUDA devices are only counted.
using var context = Context.Create(builder => builder.Default().EnableAlgorithms());
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

int cuda = context.Devices.Count(device => device.AcceleratorType == AcceleratorType.Cuda);
Console.WriteLine($"ILGPU {typeof(Context).Assembly.GetName().Version?.ToString(3)}, {cuda} CUDA device{(cuda == 1 ? string.Empty : "s")}");
return 0;

static void Scale(Index1D index, ArrayView<float> view, float factor) => view[index] = factor * XMath.Sqrt(index);
