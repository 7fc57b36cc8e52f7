using System.Numerics;
using EDA.Kernels.Gpu;

namespace EDA.Tests.Software;

/// <summary>
/// The registers that <see cref="TensorCores"/> works on, of every item of a group, and what a warp does with them. A
/// register is 32 bits: a TF32 number, or two bfloat16 numbers, the one of the smaller depth in the lower half.
/// </summary>
/// <param name="items">The items of a group.</param>
internal sealed class TensorRegisters(int items)
{
    private const int SumCount = 64;
    private const int FragmentCount = 16;
    private const int Rows = 32;
    private const int Depth = 16;

    // A warp's factors, [row][depth] and [depth][column], and a row of its sums.
    private readonly double[] _leftMatrix = new double[Rows * Depth];
    private readonly double[] _rightMatrix = new double[Rows * Depth];
    private readonly double[] _row = new double[Rows];
    private float[]? _sums;
    private uint[]? _left;
    private uint[]? _right;

    /// <summary>These, once an item has begun.</summary>
    public TensorRegisters Begun => _sums is null ? throw new InvalidOperationException($"TensorCores.Begin has not been called{ItemContext.Describe()}") : this;

    /// <summary>Forgets what the last group left: all is NaN.</summary>
    public void Clear()
    {
        if (_sums is null)
            return;
        _sums.AsSpan().Fill(float.NaN);
        _left.AsSpan().Fill(uint.MaxValue);
        _right.AsSpan().Fill(uint.MaxValue);
    }

    /// <summary>Sets an item's sums to zero.</summary>
    public void Begin(int item)
    {
        if (_sums is null)
        {
            (_sums, _left, _right) = (new float[items * SumCount], new uint[items * FragmentCount], new uint[items * FragmentCount]);
            Clear();
        }

        _sums.AsSpan(item * SumCount, SumCount).Clear();
    }

    /// <summary>Element i of a lane's fragment of the sums.</summary>
    public float Sum(int item, int which, int half, int quarter, int i) => _sums![SumAt(item, which, half, quarter) + i];

    public void SetTf32Left(int half, Float4 upper, Float4 lower)
    {
        // a0 and a1 are rows g and g + 8 at depth c, a2 and a3 at depth c + 4.
        var registers = _left.AsSpan((ItemContext.ItemX * FragmentCount) + (8 * half), 8);
        registers[0] = TensorRounding.ToTf32(upper.X);
        registers[1] = TensorRounding.ToTf32(lower.X);
        registers[2] = TensorRounding.ToTf32(upper.Y);
        registers[3] = TensorRounding.ToTf32(lower.Y);
        registers[4] = TensorRounding.ToTf32(upper.Z);
        registers[5] = TensorRounding.ToTf32(lower.Z);
        registers[6] = TensorRounding.ToTf32(upper.W);
        registers[7] = TensorRounding.ToTf32(lower.W);
    }

    public void SetTf32Right(int quarter, Float4 values)
    {
        var registers = _right.AsSpan((ItemContext.ItemX * FragmentCount) + (4 * quarter), 4);
        registers[0] = TensorRounding.ToTf32(values.X);
        registers[1] = TensorRounding.ToTf32(values.Y);
        registers[2] = TensorRounding.ToTf32(values.Z);
        registers[3] = TensorRounding.ToTf32(values.W);
    }

    public void SetBf16Left(int half, Float4 upper, Float4 lower)
    {
        // a0 and a1 are rows g and g + 8 at depths 2c and 2c + 1, a2 and a3 at 2c + 8 and 2c + 9.
        var registers = _left.AsSpan((ItemContext.ItemX * FragmentCount) + (8 * half), 4);
        registers[0] = TensorRounding.ToBf16Pair(upper.X, upper.Y);
        registers[1] = TensorRounding.ToBf16Pair(lower.X, lower.Y);
        registers[2] = TensorRounding.ToBf16Pair(upper.Z, upper.W);
        registers[3] = TensorRounding.ToBf16Pair(lower.Z, lower.W);
    }

    public void SetBf16Right(int quarter, Float4 values)
    {
        var registers = _right.AsSpan((ItemContext.ItemX * FragmentCount) + (4 * quarter), 2);
        registers[0] = TensorRounding.ToBf16Pair(values.X, values.Y);
        registers[1] = TensorRounding.ToBf16Pair(values.Z, values.W);
    }

    /// <summary>32 × 32 sums of a warp += left · right over 16 of the depth, two instructions' worth a fragment.</summary>
    /// <param name="first">The warp's first item.</param>
    /// <param name="which">Which sums.</param>
    public void MultiplyTf32(int first, int which)
    {
        for (int lane = 0; lane < GroupRun.WarpSize; lane++)
        {
            int g = lane / 4, c = lane % 4, at = (first + lane) * FragmentCount;
            for (int step = 0; step < 2; step++)
            {
                for (int half = 0; half < 2; half++)
                {
                    for (int i = 0; i < 4; i++)
                        _leftMatrix[(((16 * half) + g + (8 * (i % 2))) * Depth) + (8 * step) + c + (4 * (i / 2))] = BitConverter.UInt32BitsToSingle(_left![at + (8 * half) + (4 * step) + i]);
                }

                for (int quarter = 0; quarter < 4; quarter++)
                {
                    for (int i = 0; i < 2; i++)
                        _rightMatrix[(((8 * step) + c + (4 * i)) * Rows) + (8 * quarter) + g] = BitConverter.UInt32BitsToSingle(_right![at + (4 * quarter) + (2 * step) + i]);
                }
            }
        }

        AddProduct(first, which, 0, 8);
        AddProduct(first, which, 8, 8);
    }

    /// <summary>The same with bfloat16 fragments, one instruction's worth.</summary>
    /// <param name="first">The warp's first item.</param>
    /// <param name="which">Which sums.</param>
    public void MultiplyBf16(int first, int which)
    {
        for (int lane = 0; lane < GroupRun.WarpSize; lane++)
        {
            int g = lane / 4, c = lane % 4, at = (first + lane) * FragmentCount;
            for (int half = 0; half < 2; half++)
            {
                for (int i = 0; i < 4; i++)
                    SetPair(_leftMatrix, (((16 * half) + g + (8 * (i % 2))) * Depth) + (2 * c) + (8 * (i / 2)), 1, _left![at + (8 * half) + i]);
            }

            for (int quarter = 0; quarter < 4; quarter++)
            {
                for (int i = 0; i < 2; i++)
                    SetPair(_rightMatrix, (((2 * c) + (8 * i)) * Rows) + (8 * quarter) + g, Rows, _right![at + (4 * quarter) + i]);
            }
        }

        AddProduct(first, which, 0, 16);
    }

    private static void SetPair(double[] matrix, int at, int step, uint pair)
    {
        matrix[at] = BitConverter.UInt32BitsToSingle(pair << 16);
        matrix[at + step] = BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000);
    }

    private static int SumAt(int item, int which, int half, int quarter) => (item * SumCount) + (32 * which) + (4 * ((4 * half) + quarter));

    // What one instruction adds is rounded once; in double precision, one depth after the other.
    private void AddProduct(int first, int which, int firstDepth, int depth)
    {
        for (int row = 0; row < Rows; row++)
        {
            // The four lanes 4g + c that hold the row's sums.
            int half = row / 16, i = 2 * (row / 8 % 2), lane = first + (4 * (row % 8));
            for (int column = 0; column < Rows; column++)
                _row[column] = _sums![SumAt(lane + (column / 2 % 4), which, half, column / 8) + i + (column % 2)];
            for (int column = 0; column < Rows; column += Vector<double>.Count)
            {
                var sum = new Vector<double>(_row, column);
                for (int k = firstDepth; k < firstDepth + depth; k++)
                    sum += _leftMatrix[(row * Depth) + k] * new Vector<double>(_rightMatrix, (k * Rows) + column);
                sum.CopyTo(_row, column);
            }

            for (int column = 0; column < Rows; column++)
                _sums![SumAt(lane + (column / 2 % 4), which, half, column / 8) + i + (column % 2)] = (float)_row[column];
        }
    }
}
