extern alias ilgpu;

using EDA.Bench.Ptx;
using EDA.Tests.Gpu;
using ilgpu::EDA.Kernels.Gpu;

namespace EDA.Tests.Ptx;

/// <summary>A product of matrices on the interpreted PTX, and what it should be: the product of rounded factors, in double precision.</summary>
/// <param name="precision">fp32, tf32, bf16, or one of them with a small tile.</param>
/// <param name="rows">The rows of the product.</param>
/// <param name="columns">Its columns.</param>
/// <param name="depth">The products in a sum.</param>
/// <param name="rightIsAlongDepth">Whether the right matrix stands transposed.</param>
internal sealed class PtxProduct(string precision, int rows, int columns, int depth, bool rightIsAlongDepth = true)
{
    // Before the matrices stand four numbers, so that they are aligned, and behind them some that must not come in.
    private const int Front = 4;

    private readonly float[] _left = ExpandCase.Values(new Random(21), rows * depth, 1);
    private readonly float[] _right = ExpandCase.Values(new Random(22), columns * depth, 1);

    /// <summary>How far a product is from what it should be, relative in norm; NaN where something was not written.</summary>
    /// <param name="product">The product.</param>
    public double Error(float[] product)
    {
        var expected = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                for (int k = 0; k < depth; k++)
                    expected[(i * columns) + j] += Round(_left[(i * depth) + k]) * Round(_right[rightIsAlongDepth ? (j * depth) + k : (k * columns) + j]);
            }
        }

        return ExpandCase.Error(expected, product);
    }

    /// <summary>The product.</summary>
    /// <param name="options">How kernels are run.</param>
    /// <param name="edit">Changes the kernel's PTX; null to leave it as it is.</param>
    /// <exception cref="PtxFaultException">The kernel does what it may not.</exception>
    public float[] Multiply(PtxOptions? options = null, Func<string, string>? edit = null)
    {
        using var backend = new CheckedPtxBackend(options, edit is null ? null : (_, text) => edit(text));
        using var left = Padded(backend, _left);
        using var right = Padded(backend, _right);
        using var result = backend.Upload<float>([.. Enumerable.Repeat(float.NaN, rows * columns)]);
        var arguments = new ProductArguments<StoreEpilogue>
        {
            Left = View(left, Front, _left.Length),
            Right = View(right, Front, _right.Length),
            LeftRowStride = depth,
            RightRowStride = rightIsAlongDepth ? depth : 1,
            RightDepthStride = rightIsAlongDepth ? 1 : columns,
            Rows = rows,
            Columns = columns,
            Depth = depth,
            Epilogue = new StoreEpilogue { Output = View(result, 0, result.Length), Bias = View(result, 0, 1) },
        };
        switch (precision)
        {
            case "fp32":
                Launch<Fp32Product>(backend, arguments);
                break;
            case "fp32 small":
                Launch<Fp32SmallProduct>(backend, arguments);
                break;
            case "tf32":
                Launch<Tf32Product>(backend, arguments);
                break;
            case "bf16":
                Launch<Bf16Product>(backend, arguments);
                break;
            case "tf32 small":
                Launch<Tf32SmallProduct>(backend, arguments);
                break;
            case "bf16 small":
                Launch<Bf16SmallProduct>(backend, arguments);
                break;
            default:
                throw new ArgumentException($"there are no products in {precision}");
        }

        return result.ToArray();
    }

    private static void Launch<TProduct>(PtxBackend backend, ProductArguments<StoreEpilogue> arguments)
        where TProduct : struct, IProduct
    {
        TProduct product = default;
        var kernel = backend.Load<ProductArguments<StoreEpilogue>>("product", product.GroupSize, MatrixProduct<TProduct, StoreEpilogue>.Run);
        var grid = new GridSize((arguments.Rows + product.TileRows - 1) / product.TileRows, (arguments.Columns + product.TileColumns - 1) / product.TileColumns);
        kernel.Launch(grid, arguments, default);
    }

    private static GpuArray<float> Padded(PtxBackend backend, float[] values) =>
        backend.Upload<float>([.. Enumerable.Repeat(float.NaN, Front), .. values, .. Enumerable.Repeat(float.NaN, 8)]);

    private static ModelView View(GpuArray<float> array, long first, long length) =>
        new() { All = array.View.SubView(first, length), Length = length, IsAligned = 1 };

    private double Round(float value) => precision.Split(' ')[0] switch
    {
        "tf32" => TensorRoundings.Tf32(value),
        "bf16" => TensorRoundings.Bf16(value),
        _ => value,
    };
}
