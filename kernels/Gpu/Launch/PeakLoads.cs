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
    /// <typeparam name="TProduct">The precision.</typeparam>
    /// <param name="backend">Where they run.</param>
    /// <param name="precision">The precision's name.</param>
    public static PeakLoads Create<TProduct>(GpuBackend backend, string precision)
        where TProduct : struct, IProduct
    {
        var loads = new PeakLoads();
        bool large = backend.IsAsynchronous;
        loads.AddMultiplyAdds(backend, large ? 1 << 14 : 2, large ? 128 : 4);
        loads.AddProduct<TProduct>(backend, precision, large ? 4096 : 64, large ? 4096 : 64);
        loads.AddCopy(backend, large ? 1 << 24 : 1 << 10);
        return loads;
    }

    public void Dispose()
    {
        foreach (var array in _arrays)
            array.Dispose();
    }

    private void AddMultiplyAdds(GpuBackend backend, int groups, int rounds)
    {
        var kernel = backend.Load<MultiplyAddArguments>("multiply_add_loop", MultiplyAddLoop.GroupSize, MultiplyAddLoop.Run);
        var output = Own(backend.Allocate<float>((long)groups * MultiplyAddLoop.GroupSize));
        double flop = (double)MultiplyAddLoop.FlopPerRound * rounds * groups * MultiplyAddLoop.GroupSize;
        _loads.Add(new PeakLoad(
            "fp32 multiply-adds on registers",
            DeviceLimit.Arithmetic,
            flop,
            () => kernel.Launch(new GridSize(groups), new MultiplyAddArguments { Output = output.View, Factor = 1e-9f, Rounds = rounds }, new KernelWork(flop, 0))));
    }

    private void AddProduct<TProduct>(GpuBackend backend, string precision, int size, int depth)
        where TProduct : struct, IProduct
    {
        var kernel = backend.Load<ProductArguments<StoreEpilogue>>(
            KernelName.Product(typeof(TProduct), typeof(StoreEpilogue)), ProductTile.GroupSize, MatrixProduct<TProduct, StoreEpilogue>.Run);
        var left = Own(backend.Upload<float>(Noise(size * depth, 1)));
        var right = Own(backend.Upload<float>(Noise(size * depth, 2)));
        var result = Own(backend.Allocate<float>((long)size * size));
        var arguments = new ProductArguments<StoreEpilogue>
        {
            Left = Whole(left),
            Right = Whole(right),
            LeftRowStride = depth,
            LeftDepthStride = 1,
            RightRowStride = depth,
            RightDepthStride = 1,
            Rows = size,
            Columns = size,
            Depth = depth,
            Epilogue = new StoreEpilogue { Output = Whole(result), Bias = Whole(result), Columns = size },
        };
        double flop = 2.0 * size * size * depth;
        int tiles = size / ProductTile.Size;
        _loads.Add(new PeakLoad(
            $"{precision} product of {size} × {depth} × {size}",
            DeviceLimit.Arithmetic,
            flop,
            () => kernel.Launch(new GridSize(tiles, tiles), arguments, new KernelWork(flop, 4.0 * ((2.0 * size * depth) + ((double)size * size))))));
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

    private static ModelView Whole(GpuArray<float> array) => new() { All = array.View, Stride = 0, Length = array.Length };

    private GpuArray<T> Own<T>(GpuArray<T> array)
        where T : unmanaged
    {
        _arrays.Add(array);
        return array;
    }
}
