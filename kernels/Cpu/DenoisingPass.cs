using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The pretraining loss ‖σ∇f + ε‖² and its parameter gradient (Eq. 10; method: section 3). With v = ∂L/∂(∇f) held
/// constant, ∂L/∂θ is the gradient of the directional derivative v·∇f = ḟ, so a tile of rows makes four passes:
/// forward x, backward p (whose end is ∇f, hence the loss and v), tangent ẋ along v, and q, the adjoint of x under ḟ;
/// the adjoint of ẋ is p again. Weight gradients follow over the whole slab: each W gets q_z yᵀ + p_z ẏᵀ.
/// 6 units of nominal work, all of them executed.
/// </summary>
internal sealed unsafe class DenoisingPass<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly BdmLayout _layout;
    private readonly VarianceSchedule _schedule;
    private readonly WorkerPool _pool;
    private readonly PreparedNetwork<TV, TS> _network;
    private readonly TrainingRecord _record;
    private readonly GradientAssembly<TV, TS> _assembly;
    private readonly NativeBuffer _records = new();
    private readonly NativeBuffer _losses = new();
    private readonly NativeBuffer _memory = new();
    private readonly Scratch[] _scratch;
    private readonly BlockScratch[][] _blocks;

    private DenoisingPointers _at;
    private uint _dropThreshold;
    private float _keepScale;
    private long _slabStart;
    private long _slabEnd;

    public DenoisingPass(BdmLayout layout, VarianceSchedule schedule, WorkerPool pool)
    {
        (_layout, _schedule, _pool) = (layout, schedule, pool);
        _network = new PreparedNetwork<TV, TS>(layout, PreparedFor.Denoising, pool.Arithmetic);
        _record = new TrainingRecord(layout.Shape, true, pool.Arithmetic);
        _assembly = new GradientAssembly<TV, TS>(layout, _record, _network, pool);
        var shape = layout.Shape;
        int h = shape.Width, a = PackedMatrix.Pad(shape.ActionSize);
        var record = default(RecordLayout);
        long Features(int count) => record.Take((long)count * PanelRows);
        long stream = Features(h), tangent = Features(h), p = Features(h), q = Features(h), output = Features(h);
        long gradient = Features(a), noise = Features(shape.ActionSize), embedding = Features(BdmShape.TimeFeatures);
        var offsets = new (long Mask, long Normalized, long TangentAdjoint, long NormalizedTangent, long Slope, long Curvature, long Rows)[shape.Blocks];
        for (int l = 0; l < shape.Blocks; l++)
            offsets[l] = (Features(h), Features(h), Features(h), Features(h), Features(shape.Hidden), Features(shape.Hidden), record.Take(NormRows.Length));
        long stride = record.Stride;
        float* memory = _memory.Require(record, pool.TilePanels * pool.Workers);
        _scratch = new Scratch[pool.Workers];
        _blocks = new BlockScratch[pool.Workers][];
        for (int worker = 0; worker < pool.Workers; worker++)
        {
            float* start = memory + (worker * pool.TilePanels * stride);
            Panels At(long offset) => new(start + offset, stride);
            _scratch[worker] = new Scratch(At(stream), At(tangent), At(p), At(q), At(output), At(gradient), At(noise), At(embedding));
            _blocks[worker] = [.. offsets.Select(o => new BlockScratch(
                At(o.Mask), At(o.Normalized), At(o.TangentAdjoint), At(o.NormalizedTangent), At(o.Slope), At(o.Curvature), At(o.Rows)))];
        }
    }

    /// <summary>One step: see <see cref="IBdmOperations.DenoisingStep"/>.</summary>
    public void Step(in DenoisingPointers at)
    {
        _at = at;
        int rows = at.Rows;
        _dropThreshold = (uint)Math.Round(at.DropoutRate * 4294967296.0);
        _keepScale = 1f / (1f - at.DropoutRate);
        float* losses = _losses.Require(rows);
        int panels = (Math.Min(rows, TrainingSlab.Rows) + PanelRows - 1) / PanelRows;
        _records.Require(_record.Layout, _record.Passes ? _pool.TilePanels * _pool.Workers : panels);
        _network.Prepare(at.Parameters, _pool);
        for (_slabStart = 0; _slabStart < rows; _slabStart = _slabEnd)
        {
            _slabEnd = Math.Min(_slabStart + TrainingSlab.Rows, rows);
            long count = _slabEnd - _slabStart;
            _assembly.Begin((int)((count + PanelRows - 1) / PanelRows));
            _pool.Run(this, (int)((count + _pool.TileRows - 1) / _pool.TileRows));
            _assembly.Add(_records.Pointer, (int)((count + PanelRows - 1) / PanelRows), _slabStart > 0);
        }

        _assembly.Finish(at.Gradient);
        double total = 0;
        for (int row = 0; row < rows; row++)
            total += losses[row];
        *at.Loss = (float)(total / rows);
    }

    public void Run(int item, int worker)
    {
        long first = _slabStart + ((long)item * _pool.TileRows);
        int panels = (int)Math.Min(_pool.TilePanels, (_slabEnd - first + PanelRows - 1) / PanelRows);
        float* record = _records.Pointer + ((_record.Passes ? worker : item) * _pool.TilePanels * _record.Stride);
        ref var scratch = ref _scratch[worker];
        var blocks = _blocks[worker];
        int firstPanel = item * _pool.TilePanels;
        Forward(first, firstPanel, panels, record, scratch, blocks);
        Backward(first, firstPanel, panels, record, scratch, blocks);
        Tangent(firstPanel, panels, record, scratch, blocks);
        Adjoint(firstPanel, panels, record, scratch, blocks);
        for (int p = 0; p < panels; p++)
            _assembly.Keep(record + (p * _record.Stride), firstPanel + p);
    }

    public void Dispose()
    {
        _network.Dispose();
        _assembly.Dispose();
        _records.Dispose();
        _losses.Dispose();
        _memory.Dispose();
    }

    private Panels Record(float* record, long operand) => new(record + PassingOperand.Place(operand), _record.Stride);

    private void Forward(long first, int firstPanel, int panels, float* record, in Scratch scratch, BlockScratch[] blocks)
    {
        int width = _layout.Shape.Width;
        var input = Record(record, _record.Input);
        for (int p = 0; p < panels; p++)
            FillInput(first + (p * PanelRows), record + (p * _record.Stride), scratch.Noise.At(p));
        var waves = Record(record, _record.Waves);
        for (int p = 0; p < panels; p++)
            PanelInput<TV, TS>.Waves(_network.Parameter(_layout.Frequencies), record + (p * _record.Stride) + _record.RowValues, waves.At(p));
        PanelInput<TV, TS>.Embed(
            _network, _layout, waves, new Panels(input.At(0, _layout.Shape.ActionSize), input.Stride), Record(record, _record.ConditionSlope), panels);
        Product<TV, TS>.Run(_network.Input, input, panels, new StoreEpilogue<TV, TS>(scratch.Stream, _network.InputBias));
        for (int l = 0; l < blocks.Length; l++)
        {
            var (block, slices, kept) = (blocks[l], _layout.Blocks[l], _record.Blocks[l]);
            var transposed = Record(record, kept.TransposedOutput);
            for (int p = 0; p < panels; p++)
            {
                float* mask = FillMask(first + (p * PanelRows), l, block.Mask.At(p));
                var rows = new NormRows(block.Rows.At(p));
                PanelNorm<TV, TS>.Statistics(scratch.Stream.At(p), mask, width, rows);
                PanelNorm<TV, TS>.Normalize(
                    scratch.Stream.At(p), mask, _network.Parameter(slices.NormWeight), _network.Parameter(slices.NormBias), width, rows, block.Normalized.At(p), scratch.Output.At(p));
                PanelTranspose.Run(scratch.Output.At(p), width, transposed.At(p));
            }

            _assembly.KeepRight(kept.TransposedOutput, record, firstPanel, panels);
            var hidden = Record(record, kept.Hidden);
            Product<TV, TS>.Run(_network.Expand(l), scratch.Output, panels, new ActivationEpilogue<TV, TS>(hidden, block.Slope, block.Curvature, _network.Parameter(slices.ExpandBias)));
            Product<TV, TS>.Run(_network.Contract(l), hidden, panels, new ResidualEpilogue<TV, TS>(scratch.Stream, _network.Parameter(slices.ContractBias)));
            _assembly.KeepLeft(kept.Hidden, record, firstPanel, panels);
        }
    }

    private void Backward(long first, int firstPanel, int panels, float* record, in Scratch scratch, BlockScratch[] blocks)
    {
        int width = _layout.Shape.Width;
        for (int p = 0; p < panels; p++)
            PlainPass<TV, TS>.Seed(_network, scratch.Stream.At(p), width, null, scratch.P.At(p));
        for (int l = blocks.Length - 1; l >= 0; l--)
        {
            var (block, slices, kept) = (blocks[l], _layout.Blocks[l], _record.Blocks[l]);
            var adjoint = Record(record, kept.TangentAdjoint);
            Transpose(scratch.P, width, Record(record, kept.TransposedTangentStream), panels);
            _assembly.KeepRight(kept.TransposedTangentStream, record, firstPanel, panels);
            Product<TV, TS>.Run(_network.ContractTransposed(l), scratch.P, panels, new SlopeEpilogue<TV, TS>(adjoint, block.Slope, block.Curvature));
            Product<TV, TS>.Run(_network.ExpandTransposed(l), adjoint, panels, new StoreEpilogue<TV, TS>(block.TangentAdjoint, null));
            _assembly.KeepLeft(kept.TangentAdjoint, record, firstPanel, panels);
            for (int p = 0; p < panels; p++)
            {
                PanelNorm<TV, TS>.Backward(
                    block.TangentAdjoint.At(p), Mask(block, p), _network.Parameter(slices.NormWeight), width, new NormRows(block.Rows.At(p)), block.Normalized.At(p), scratch.P.At(p));
            }
        }

        Transpose(scratch.P, width, Record(record, _record.DirectionAdjoint), panels);
        Product<TV, TS>.Run(_network.ActionTransposed!, scratch.P, panels, new StoreEpilogue<TV, TS>(scratch.Gradient, null));
        for (int p = 0; p < panels; p++)
            LossAndDirection(first + (p * PanelRows), record + (p * _record.Stride), scratch.Gradient.At(p), scratch.Noise.At(p));
    }

    private void Tangent(int firstPanel, int panels, float* record, in Scratch scratch, BlockScratch[] blocks)
    {
        int width = _layout.Shape.Width;
        Product<TV, TS>.Run(_network.Action!, Record(record, _record.Direction), panels, new StoreEpilogue<TV, TS>(scratch.Tangent, null));
        for (int l = 0; l < blocks.Length; l++)
        {
            var (block, slices, kept) = (blocks[l], _layout.Blocks[l], _record.Blocks[l]);
            for (int p = 0; p < panels; p++)
            {
                PanelNorm<TV, TS>.Tangent(
                    scratch.Tangent.At(p), Mask(block, p), _network.Parameter(slices.NormWeight), width, new NormRows(block.Rows.At(p)), block.Normalized.At(p), block.NormalizedTangent.At(p), scratch.Output.At(p));
            }

            Transpose(scratch.Output, width, Record(record, kept.TransposedOutputTangent), panels);
            _assembly.KeepRight(kept.TransposedOutputTangent, record, firstPanel, panels);
            var hidden = Record(record, kept.HiddenTangent);
            Product<TV, TS>.Run(_network.Expand(l), scratch.Output, panels, new SlopeEpilogue<TV, TS>(hidden, block.Slope, block.Curvature));
            Product<TV, TS>.Run(_network.Contract(l), hidden, panels, new ResidualEpilogue<TV, TS>(scratch.Tangent, null));
            _assembly.KeepLeft(kept.HiddenTangent, record, firstPanel, panels);
        }
    }

    private void Adjoint(int firstPanel, int panels, float* record, in Scratch scratch, BlockScratch[] blocks)
    {
        int width = _layout.Shape.Width;
        float* sums = record + _record.SumsStart;
        for (int p = 0; p < panels; p++)
            SecondOrderSeed(scratch.Stream.At(p), scratch.Tangent.At(p), width, scratch.Q.At(p), sums + (p * _record.Stride) + _record.Sums.OutputSlope);
        for (int l = blocks.Length - 1; l >= 0; l--)
        {
            var (block, slices, kept, total) = (blocks[l], _layout.Blocks[l], _record.Blocks[l], _record.Sums.Blocks[l]);
            Transpose(scratch.Q, width, Record(record, kept.TransposedStream), panels);
            _assembly.KeepRight(kept.TransposedStream, record, firstPanel, panels);
            for (int p = 0; p < panels; p++)
                PanelSum<TV, TS>.Run(scratch.Q.At(p), width, sums + (p * _record.Stride) + total.ContractBias);
            var adjoint = Record(record, kept.Adjoint);
            Product<TV, TS>.Run(
                _network.ContractTransposed(l), scratch.Q, panels, new TrainingSlopeEpilogue<TV, TS>(adjoint, block.Slope, block.Curvature, new Panels(sums + total.ExpandBias, _record.Stride)));
            Product<TV, TS>.Run(_network.ExpandTransposed(l), adjoint, panels, new StoreEpilogue<TV, TS>(scratch.Output, null));
            _assembly.KeepLeft(kept.Adjoint, record, firstPanel, panels);
            for (int p = 0; p < panels; p++)
            {
                float* panelSums = sums + (p * _record.Stride);
                PanelNorm<TV, TS>.ParameterGradient(
                    scratch.Output.At(p), block.TangentAdjoint.At(p), width, block.Normalized.At(p), block.NormalizedTangent.At(p), panelSums + total.NormWeight, panelSums + total.NormBias);
                PanelNorm<TV, TS>.Adjoint(
                    scratch.Output.At(p), block.TangentAdjoint.At(p), Mask(block, p), _network.Parameter(slices.NormWeight), width, new NormRows(block.Rows.At(p)), block.Normalized.At(p), block.NormalizedTangent.At(p), scratch.Q.At(p));
            }
        }

        Transpose(scratch.Q, width, Record(record, _record.InputAdjoint), panels);
        Product<TV, TS>.Run(_network.EmbeddingTransposed!, scratch.Q, panels, new StoreEpilogue<TV, TS>(scratch.Embedding, null));
        for (int p = 0; p < panels; p++)
        {
            float* panel = record + (p * _record.Stride);
            PanelInput<TV, TS>.EmbedAdjoint(panel + _record.ConditionSlope, scratch.Embedding.At(p), panel + _record.SumsStart + _record.Sums.ConditionBias, panel + _record.ConditionAdjoint);
        }
    }

    private static void Transpose(Panels source, int width, Panels destination, int panels)
    {
        for (int p = 0; p < panels; p++)
            PanelTranspose.Run(source.At(p), width, destination.At(p));
    }

    /// <summary>q = (Σ_j O_jh)·SiLU''(x)·ẋ at the top, and ∂ḟ/∂O_jh = Σ_rows SiLU'(x)·ẋ, the same for every j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SecondOrderSeed(float* stream, float* tangent, int width, float* adjoint, float* outputGradient)
    {
        for (int h = 0, i = 0; h < width; h++)
        {
            TV weight = TS.Broadcast(_network.OutputSum[h]), total = TS.Broadcast(0f);
            for (int r = 0; r < PanelRows; r += TS.Count, i += TS.Count)
            {
                TV x = TS.Load(stream + i), dot = TS.Load(tangent + i);
                TV sigma = Sigmoid<TV, TS>.Invoke(x);
                total = TS.MultiplyAdd(Sigmoid<TV, TS>.FirstDerivative(x, sigma), dot, total);
                TS.Store(TS.Multiply(TS.Multiply(Sigmoid<TV, TS>.SecondDerivative(x, sigma), dot), weight), adjoint + i);
            }

            outputGradient[h] = TS.Sum(total);
        }
    }

    /// <summary>a_t, s and 1 into the input; t into the row values; ε into the noise panel.</summary>
    private void FillInput(long row, float* record, float* noise)
    {
        var shape = _layout.Shape;
        float* times = record + _record.RowValues;
        for (int r = 0; r < PanelRows; r++)
        {
            times[r] = row + r >= _slabEnd ? 1f
                : _at.Times != null ? _at.Times[row + r]
                : _schedule.Time(Philox.Uniform(Philox.Word(_at.Draw, RandomPurpose.DiffusionTime, (ulong)(row + r))));
        }

        float* input = record + _record.Input;
        FillNoise(row, input, noise);
        PanelInput<TV, TS>.Rows(_at.Actions, shape.ActionSize, row, _slabEnd, 1, input);
        for (int r = 0; r < PanelRows; r++)
        {
            float alpha = (float)_schedule.Alpha(times[r]), sigma = (float)_schedule.Sigma(times[r]);
            for (int j = 0; j < shape.ActionSize; j++)
            {
                int i = (j * PanelRows) + r;
                input[i] = (alpha * input[i]) + (sigma * noise[i]);
            }
        }

        if (shape.StateSize > 0)
            PanelInput<TV, TS>.Rows(_at.States, shape.StateSize, row, _slabEnd, 1, input + ((shape.ActionSize + BdmShape.TimeFeatures) * PanelRows));
        PanelInput<TV, TS>.Ones(input + (_record.InputSize * PanelRows));
    }

    private void FillNoise(long row, float* rowMajor, float* noise)
    {
        int actionSize = _layout.Shape.ActionSize;
        if (_at.Noise != null)
        {
            PanelInput<TV, TS>.Rows(_at.Noise, actionSize, row, _slabEnd, 1, noise);
            return;
        }

        CpuRandom.Normals(_at.Draw, RandomPurpose.Noise, (ulong)(row * actionSize), PanelRows * actionSize, rowMajor);
        PanelInput<TV, TS>.Rows(rowMajor, actionSize, 0, Math.Min(PanelRows, _slabEnd - row), 1, noise);
    }

    /// <summary>The dropout factors of one block [H][32], or null where nothing is dropped.</summary>
    private float* FillMask(long row, int l, float* mask)
    {
        if (!Drops)
            return null;
        var shape = _layout.Shape;
        ulong* elements = stackalloc ulong[PanelRows];
        for (int r = 0; r < PanelRows; r++)
            elements[r] = (ulong)(((Math.Min(row + r, _slabEnd - 1) * shape.Blocks) + l) * shape.Width);
        if (_at.Mask == null)
        {
            DropoutPanel<TV, TS>.Fill(_at.Draw, elements, shape.Width, _dropThreshold, _keepScale, mask);
            return mask;
        }

        for (int r = 0; r < PanelRows; r++)
        {
            for (int h = 0; h < shape.Width; h++)
                mask[(h * PanelRows) + r] = _at.Mask[elements[r] + (ulong)h] * _keepScale;
        }

        return mask;
    }

    private bool Drops => _at.DropoutRate > 0 || _at.Mask != null;

    private float* Mask(in BlockScratch block, int panel) => Drops ? block.Mask.At(panel) : null;

    /// <summary>The loss of each row and v = (2σ/n)(σ∇f + ε).</summary>
    private void LossAndDirection(long row, float* record, float* gradient, float* noise)
    {
        int actionSize = _layout.Shape.ActionSize;
        float* times = record + _record.RowValues;
        float* direction = record + _record.Direction;
        for (int r = 0; r < PanelRows; r++)
        {
            bool valid = row + r < _slabEnd;
            float sigma = (float)_schedule.Sigma(times[r]);
            float scale = valid ? 2f * sigma / _at.Rows : 0f;
            float total = 0;
            for (int j = 0; j < actionSize; j++)
            {
                int i = (j * PanelRows) + r;
                float residual = (sigma * gradient[i]) + noise[i];
                total += residual * residual;
                direction[i] = scale * residual;
            }

            if (valid)
                _losses.Pointer[row + r] = total;
        }
    }

    private readonly record struct Scratch(
        Panels Stream,
        Panels Tangent,
        Panels P,
        Panels Q,
        Panels Output,
        Panels Gradient,
        Panels Noise,
        Panels Embedding);

    private readonly record struct BlockScratch(
        Panels Mask,
        Panels Normalized,
        Panels TangentAdjoint,
        Panels NormalizedTangent,
        Panels Slope,
        Panels Curvature,
        Panels Rows);
}
