namespace EDA.Kernels.Gpu;

/// <summary>
/// Multiply-adds on registers, a long product in the device's precision, and a copy of more than any cache holds. Where
/// launches run at once there is no device to fill, and sizes are small.
/// </summary>
internal sealed class PeakLoads : IPeakLoads
{
    private readonly List<IDisposable> _arrays = [];
    private readonly List<PeakLoad> _loads = [];

    private PeakLoads()
    {
    }

    public IReadOnlyList<PeakLoad> All => _loads;

    /// <summary>Makes them.</summary>
    /// <param name="backend">Where they run.</param>
    /// <param name="precision">The precision of products.</param>
    public static PeakLoads Create(GpuBackend backend, GpuPrecision precision)
    {
        var loads = new PeakLoads();
        bool large = backend.IsAsynchronous;
        loads.AddLoop(
            backend, "multiply_add_loop", "fp32 multiply-adds on registers", MultiplyAddLoop.GroupSize, MultiplyAddLoop.Run, large ? 1 << 14 : 2, large ? 128 : 4,
            MultiplyAddLoop.FlopPerRound * MultiplyAddLoop.GroupSize);
        if (precision != GpuPrecision.Fp32)
        {
            // What multiplies float16 is as fast as what multiplies bfloat16.
            string name = precision == GpuPrecision.Tf32 ? "tf32" : "bf16";
            loads.AddLoop(
                backend, $"tensor_loop_{name}", $"{name} mma.sync on registers", TensorLoop.GroupSize, precision == GpuPrecision.Tf32 ? TensorLoopTf32.Run : TensorLoopBf16.Run,
                large ? 1 << 12 : 1, large ? 512 : 2, TensorLoop.FlopPerRound);
        }

        loads.AddProduct(backend, precision, large ? 4096 : 64);
        loads.AddCopy(backend, large ? 1 << 24 : 1 << 10);
        return loads;
    }

    public void Dispose()
    {
        foreach (var array in _arrays)
            array.Dispose();
    }

    private void AddLoop(
        GpuBackend backend, string name, string what, int groupSize, Action<MultiplyAddArguments> loop, int groups, int rounds, double flopPerRound)
    {
        var kernel = backend.Load(name, groupSize, loop);
        var output = Own(backend.Allocate<float>((long)groups * groupSize));
        double flop = flopPerRound * rounds * groups;
        _loads.Add(new PeakLoad(
            what,
            DeviceLimit.Arithmetic,
            flop,
            () => kernel.Launch(new GridSize(groups), new MultiplyAddArguments { Output = output.View, Factor = 1e-9f, Rounds = rounds }, new KernelWork(flop, 0))));
    }

    private void AddProduct(GpuBackend backend, GpuPrecision precision, int size)
    {
        var kernel = ProductLoader.Of(precision, backend).Product<StoreEpilogue>(backend);
        var left = Own(backend.Upload<float>(Noise(size * size, 1)));
        var right = Own(backend.Upload<float>(Noise(size * size, 2)));
        var result = Own(backend.Allocate<float>((long)size * size));
        var arguments = new ProductArguments<StoreEpilogue>
        {
            Left = Whole(left),
            Right = Whole(right),
            LeftRowStride = size,
            RightRowStride = size,
            RightDepthStride = 1,
            Rows = size,
            Columns = size,
            Depth = size,
            Epilogue = new StoreEpilogue { Output = Whole(result), Bias = Whole(result) },
        };
        double flop = 2.0 * size * size * size;
        _loads.Add(new PeakLoad(
            // Halves keep their numbers in float32 here, so that the instruction is tf32's.
            $"{(precision == GpuPrecision.Fp16 ? GpuPrecision.Tf32 : precision).ToString().ToLowerInvariant()} product of {size} × {size} × {size}",
            DeviceLimit.Arithmetic,
            flop,
            () => kernel.Launch(arguments, 1, new KernelWork(flop, 12.0 * size * size))));
    }

    private void AddCopy(GpuBackend backend, int elements)
    {
        var kernel = backend.Load<CopyLoopArguments>("copy_loop", CopyLoop.GroupSize, CopyLoop.Run);
        var source = Own(backend.Allocate<Float4>(elements));
        var destination = Own(backend.Allocate<Float4>(elements));
        double bytes = 32.0 * elements;
        _loads.Add(new PeakLoad(
            $"copy of {16.0 * elements / (1 << 20):0.##} MiB",
            DeviceLimit.Memory,
            bytes,
            () => kernel.Launch(
                new GridSize((elements + CopyLoop.GroupSize - 1) / CopyLoop.GroupSize),
                new CopyLoopArguments { Source = source.View, Destination = destination.View },
                new KernelWork(0, bytes))));
    }

    // Random operands: a device that draws less power for zeros would show a peak that no real product has.
    private static float[] Noise(int count, uint stream)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            uint x = ((uint)i * 0x9E3779B1u) + (stream * 0x85EBCA77u);
            x = (x ^ (x >> 16)) * 0x7FEB352Du;
            values[i] = ((x ^ (x >> 15)) * (2f / 4294967296f)) - 1f;
        }

        return values;
    }

    private static ModelView Whole(GpuArray<float> array) => new() { All = array.View, Stride = 0, Length = array.Length, IsAligned = 1 };

    private GpuArray<T> Own<T>(GpuArray<T> array)
        where T : unmanaged
    {
        _arrays.Add(array);
        return array;
    }
}
