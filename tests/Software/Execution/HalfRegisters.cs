namespace EDA.Tests.Software;

/// <summary>The registers that <see cref="HalfCores"/> works on, of every item of a group, and what a warp does with them.</summary>
/// <param name="items">The items of a group.</param>
internal sealed class HalfRegisters(int items)
{
    private const int SumCount = 64;
    private const int MostRows = 64;
    private const int Columns = 32;
    private const int Depth = 16;
    private const int RowWords = 32;
    private const int PieceWords = 4;
    private const int BufferWords = 4096;
    private const int Buffers = 3;

    private readonly double[] _leftMatrix = new double[MostRows * Depth];
    private readonly double[] _rightMatrix = new double[Depth * Columns];
    private float[]? _sums;
    private Item[]? _items;

    /// <summary>Forgets what the last group left: all is NaN, and no item aims.</summary>
    public void Clear()
    {
        _sums?.AsSpan().Fill(float.NaN);
        _items?.AsSpan().Clear();
    }

    /// <summary>Sets an item's sums to zero.</summary>
    public void Begin(int item)
    {
        if (_sums is null)
        {
            (_sums, _items) = (new float[items * SumCount], new Item[items]);
            Clear();
        }

        _sums.AsSpan(item * SumCount, SumCount).Clear();
        _items![item] = new Item { Factors = [new Factor(), new Factor()] };
    }

    /// <summary>Where an item's rows of matrices stand in a factor's panel.</summary>
    public void Aim(int item, ArrayView<float> memory, int factor, int[] at)
    {
        ref var begun = ref Begun(item);
        begun.Memory = memory;
        begun.Factors![factor].At = at;
    }

    /// <summary>Where an item's copies of both factors go, and how many of them there are.</summary>
    public void Expect(int item, ArrayView<float> memory, int[] to, int[] counts)
    {
        ref var begun = ref Begun(item);
        begun.Memory = memory;
        for (int i = 0; i < 2; i++)
            (begun.Factors![i].To, begun.Factors[i].Count) = (to[i], counts[i]);
    }

    /// <summary>Where a factor's come from.</summary>
    public void From(int item, int factor, ArrayView<float> matrix, int from, int between, int step)
    {
        var own = Begun(item).Factors![factor];
        (own.Matrix, own.From, own.Between, own.Step) = (matrix, from, between, step);
    }

    /// <summary>Sends for an item's pieces of both factors.</summary>
    /// <param name="item">The item.</param>
    /// <param name="pieces">How many of each.</param>
    /// <param name="between">From one to the next in shared memory.</param>
    /// <param name="left">What is left of the depth for each factor's first.</param>
    /// <param name="less">How much less for each further one.</param>
    /// <param name="copies">Who makes the copies.</param>
    public void Fetch(int item, int pieces, int between, int[] left, int[] less, AsyncCopies copies)
    {
        ref var begun = ref Begun(item);
        for (int i = 0; i < 2; i++)
        {
            var factor = begun.Factors![i];
            for (int piece = 0; piece < pieces; piece++)
            {
                int count = piece < factor.Count && left[i] - (piece * less[i]) > 0 ? PieceWords : 0;
                int to = factor.To + (piece * between) + (begun.Fetched * BufferWords);
                copies.Send(item, begun.Memory.SubView(to, PieceWords), factor.Matrix, factor.From + (piece * factor.Between), count);
            }

            factor.From += factor.Step;
        }

        begun.Fetched = (begun.Fetched + 1) % Buffers;
    }

    /// <summary>Element i of a lane's fragment of the sums of 16 rows and 8 columns.</summary>
    public float Sum(int item, int half, int quarter, int i) => _sums![(item * SumCount) + (4 * ((4 * half) + quarter)) + i];

    /// <summary>A warp's sums += left · right, a panel.</summary>
    /// <param name="first">The warp's first item.</param>
    /// <param name="leftAlong">Whether the left panel is [row][depth].</param>
    /// <param name="rightAlong">Whether the right one is.</param>
    /// <param name="halves">16 rows of the left factor each.</param>
    /// <param name="steps">16 of the depth each.</param>
    public void Multiply(int first, bool leftAlong, bool rightAlong, int halves, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            // Left: matrices are (rows 0 to 7, 8 to 15) by (depths 0 to 7, 8 to 15), rows first. Right: depths first.
            for (int i = 0; i < 4; i++)
            {
                for (int half = 0; half < halves; half++)
                {
                    int row = (16 * half) + (8 * (i % 2)), depth = 8 * (i / 2);
                    Load(first, i, half, step, 0, leftAlong, (r, k, value) => _leftMatrix[((row + r) * Depth) + depth + k] = value);
                }

                for (int half = 0; half < 2; half++)
                {
                    int column = (16 * half) + (8 * (i / 2)), down = 8 * (i % 2);
                    Load(first, i, half, step, 1, rightAlong, (r, k, value) => _rightMatrix[((down + k) * Columns) + column + r] = value);
                }
            }

            AddProduct(first, 16 * halves);
        }

        for (int lane = 0; lane < GroupRun.WarpSize; lane++)
            Begun(first + lane).Worked = (Begun(first + lane).Worked + 1) % Buffers;
    }

    private ref Item Begun(int item)
    {
        if (_items is null || _items[item].Factors is null)
            throw new InvalidOperationException($"HalfCores.Begin has not been called{ItemContext.Describe()}");
        return ref _items[item];
    }

    // Matrix i of four, row by row as the lanes 8i to 8i + 7 say where they are.
    private void Load(int first, int i, int half, int step, int factor, bool along, Action<int, int, double> set)
    {
        for (int j = 0; j < 8; j++)
        {
            ref var item = ref Begun(first + (8 * i) + j);
            int at = item.Factors![factor].At[along ? step : half] + (16 * RowWords * (along ? half : step)) + (item.Worked * BufferWords);
            if (at % PieceWords != 0)
                throw new InvalidOperationException($"a row of a matrix at {at} is not aligned to 16 bytes{ItemContext.Describe()}");
            for (int word = 0; word < PieceWords; word++)
            {
                uint pair = BitConverter.SingleToUInt32Bits(item.Memory[at + word]);
                for (int k = 0; k < 2; k++)
                {
                    double value = (double)BitConverter.UInt16BitsToHalf((ushort)(pair >> (16 * k)));
                    int element = (2 * word) + k;
                    set(along ? j : element, along ? element : j, value);
                }
            }
        }
    }

    // What one instruction adds is rounded once.
    private void AddProduct(int first, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            int half = row / 16, i = 2 * (row / 8 % 2), lane = first + (4 * (row % 8));
            for (int column = 0; column < Columns; column++)
            {
                ref float sum = ref _sums![((lane + (column / 2 % 4)) * SumCount) + (4 * ((4 * half) + (column / 8))) + i + (column % 2)];
                double total = sum;
                for (int k = 0; k < Depth; k++)
                    total += _leftMatrix[(row * Depth) + k] * _rightMatrix[(k * Columns) + column];
                sum = (float)total;
            }
        }
    }

    // One of the two factors, as an item sees it.
    private sealed class Factor
    {
        public ArrayView<float> Matrix;

        public int[] At { get; set; } = [];

        public int To { get; set; }

        public int Count { get; set; }

        public int From { get; set; }

        public int Between { get; set; }

        public int Step { get; set; }
    }

    private struct Item
    {
        public ArrayView<float> Memory;
        public Factor[]? Factors;
        public int Worked;
        public int Fetched;
    }
}
