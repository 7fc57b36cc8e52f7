using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>What a network needs of a tile of rows that need not be kept: a set for each thread.</summary>
internal sealed unsafe class MlpScratch : IDisposable
{
    private readonly NativeBuffer _memory = new();
    private readonly Tile[] _tiles;

    public MlpScratch(int inputSize, int width, int outputSize, WorkerPool pool)
    {
        var record = default(RecordLayout);
        long Features(int count) => record.Take((long)count * PanelRows);
        long input = Features(inputSize), hidden1 = Features(width), hidden2 = Features(width), output = Features(outputSize);
        long stride = record.Stride;
        float* start = _memory.Require(record, pool.TilePanels * pool.Workers);
        _tiles = new Tile[pool.Workers];
        for (int worker = 0; worker < pool.Workers; worker++, start += stride * pool.TilePanels)
            _tiles[worker] = new Tile(new(start + input, stride), new(start + hidden1, stride), new(start + hidden2, stride), new(start + output, stride));
    }

    /// <summary>A thread's own set.</summary>
    public ref readonly Tile Of(int worker) => ref _tiles[worker];

    public void Dispose() => _memory.Dispose();

    /// <summary>The panels of one tile.</summary>
    /// <param name="Input">[in].</param>
    /// <param name="Hidden1">[H].</param>
    /// <param name="Hidden2">[H].</param>
    /// <param name="Output">[out].</param>
    internal readonly record struct Tile(Panels Input, Panels Hidden1, Panels Hidden2, Panels Output)
    {
        /// <summary>Evaluates a network on <see cref="Input"/>; its outputs begin at one of <see cref="Output"/>'s features.</summary>
        public void Forward<TV, TS>(PreparedMlp<TV, TS> network, int output, int panels)
            where TV : struct
            where TS : struct, ISimd<TV> =>
            network.Forward(Input, Hidden1, Hidden2, new Panels(Output.At(0, output), Output.Stride), panels);

        /// <summary>Puts a row of numbers, or zeros for null, into one row of the input.</summary>
        public void SetInput(int row, int feature, float* values, int count)
        {
            float* to = Input.At(row / PanelRows, feature) + (row % PanelRows);
            for (int j = 0; j < count; j++)
                to[j * PanelRows] = values == null ? 0f : values[j];
        }
    }
}
