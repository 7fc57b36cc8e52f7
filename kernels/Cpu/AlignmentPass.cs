using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The log-density gaps of K candidates and, for a training step, the alignment loss and its parameter gradient
/// (Eq. 14-16). Over a slab of states: forward of both models, gaps, objective, then backward from ∂L/∂Δ, which is the
/// seed of f_θ. The rows of the K candidates of a state follow each other. 4 units of nominal work a candidate; the
/// folded first block leaves 20 of 24 block products.
/// </summary>
internal sealed unsafe class AlignmentPass<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly BdmLayout _layout;
    private readonly VarianceSchedule _schedule;
    private readonly WorkerPool _pool;
    private readonly PreparedNetwork<TV, TS> _policy;
    private readonly PreparedNetwork<TV, TS> _behavior;
    private readonly TrainingRecord _record;
    private readonly GradientAssembly<TV, TS> _assembly;
    private readonly NativeBuffer _records = new();
    private readonly NativeBuffer _gapMemory = new();
    private readonly NativeBuffer _seedMemory = new();
    private readonly NativeBuffer _memory = new();
    private readonly Scratch[] _scratch;
    private readonly BlockPanels[][] _behaviorBlocks;
    private readonly BlockPanels[][] _policyBlocks;

    private AlignmentPointers _at;
    private long _slabStart;
    private long _slabEnd;
    private float* _seeds;
    private bool _backward;

    public AlignmentPass(BdmLayout layout, VarianceSchedule schedule, WorkerPool pool)
    {
        (_layout, _schedule, _pool) = (layout, schedule, pool);
        _policy = new PreparedNetwork<TV, TS>(layout, PreparedFor.Alignment, pool.Arithmetic);
        _behavior = new PreparedNetwork<TV, TS>(layout, PreparedFor.Density, pool.Arithmetic);
        _record = new TrainingRecord(layout.Shape, false, pool.Arithmetic);
        _assembly = new GradientAssembly<TV, TS>(layout, _record, _policy, pool);
        var shape = layout.Shape;
        int h = shape.Width;
        var record = default(RecordLayout);
        long Features(int count) => record.Take((long)count * PanelRows);
        long stream = Features(h), output = Features(h), hidden = Features(shape.Hidden), normalized = Features(h);
        long noise = Features(shape.ActionSize), embedding = Features(BdmShape.TimeFeatures), behaviorInput = Features(_record.InputSize);
        long rows = record.Take(NormRows.Length);
        long stride = record.Stride;
        float* memory = _memory.Require(record, pool.TilePanels * pool.Workers);
        _scratch = new Scratch[pool.Workers];
        _behaviorBlocks = new BlockPanels[pool.Workers][];
        _policyBlocks = new BlockPanels[pool.Workers][];
        for (int worker = 0; worker < pool.Workers; worker++)
        {
            float* start = memory + (worker * pool.TilePanels * stride);
            Panels At(long offset) => new(start + offset, stride);
            _scratch[worker] = new Scratch(At(stream), At(output), At(noise), At(embedding), At(behaviorInput));
            _behaviorBlocks[worker] = new BlockPanels[shape.Blocks];
            _policyBlocks[worker] = new BlockPanels[shape.Blocks];
            Array.Fill(_behaviorBlocks[worker], new BlockPanels(At(normalized), At(rows), At(output), At(hidden), default, default, default));
        }
    }

    /// <summary>Gaps alone: see <see cref="IBdmOperations.Gaps"/>.</summary>
    public void Gaps(in AlignmentPointers at)
    {
        Start(at);
        for (int state = 0; state < at.StateCount; state += StatesPerSlab)
            ForwardSlab(state, Math.Min(state + StatesPerSlab, at.StateCount));
    }

    /// <summary>A training step: see <see cref="IBdmOperations.AlignmentStep"/>.</summary>
    public void Step(in AlignmentPointers at)
    {
        Start(at);
        long rows = (long)at.StateCount * at.CandidateCount;
        float* gaps = _at.Gaps = _gapMemory.Require(rows);
        _seeds = _seedMemory.Require(rows);
        double total = 0;
        for (int state = 0; state < at.StateCount; state += StatesPerSlab)
        {
            int end = Math.Min(state + StatesPerSlab, at.StateCount);
            ForwardSlab(state, end);
            for (int s = state; s < end; s++)
            {
                long first = (long)s * at.CandidateCount;
                total += CpuObjective.State(at.Objective, gaps + first, at.Labels + first, at.CandidateCount, at.StateCount, _seeds + first);
            }

            _backward = true;
            int panels = (int)((_slabEnd - _slabStart + PanelRows - 1) / PanelRows);
            _assembly.Begin(panels);
            _pool.Run(this, Tiles);
            _assembly.Add(_records.Pointer, panels, state > 0);
        }

        _assembly.Finish(at.Gradient);
        *at.Loss = (float)(total / at.StateCount);
    }

    public void Run(int item, int worker)
    {
        long first = _slabStart + ((long)item * _pool.TileRows);
        int panels = (int)Math.Min(_pool.TilePanels, (_slabEnd - first + PanelRows - 1) / PanelRows);
        float* record = _records.Pointer + (item * _pool.TilePanels * _record.Stride);
        ref var scratch = ref _scratch[worker];
        var blocks = BlocksOf(record, scratch.Output, worker);
        if (!_backward)
        {
            Forward(first, panels, record, scratch, blocks, _behaviorBlocks[worker]);
            return;
        }

        Backward(first, panels, record, scratch, blocks);
        for (int p = 0; p < panels; p++)
            _assembly.Keep(record + (p * _record.Stride), (item * _pool.TilePanels) + p);
    }

    public void Dispose()
    {
        _policy.Dispose();
        _behavior.Dispose();
        _assembly.Dispose();
        _records.Dispose();
        _gapMemory.Dispose();
        _seedMemory.Dispose();
        _memory.Dispose();
    }

    private int StatesPerSlab => Math.Max(1, TrainingSlab.Rows / _at.CandidateCount);

    private int Tiles => (int)((_slabEnd - _slabStart + _pool.TileRows - 1) / _pool.TileRows);

    private void Start(in AlignmentPointers at)
    {
        _at = at;
        _policy.Prepare(at.Policy, _pool);
        _behavior.Prepare(at.Behavior, _pool);
    }

    private void ForwardSlab(int firstState, int endState)
    {
        (_slabStart, _slabEnd) = ((long)firstState * _at.CandidateCount, (long)endState * _at.CandidateCount);
        _records.Require(_record.Layout, Tiles * _pool.TilePanels);
        _backward = false;
        _pool.Run(this, Tiles);
    }

    private Panels Record(float* record, long offset) => new(record + offset, _record.Stride);

    private ReadOnlySpan<BlockPanels> BlocksOf(float* record, Panels output, int worker)
    {
        var blocks = _policyBlocks[worker];
        for (int l = 0; l < blocks.Length; l++)
        {
            var kept = _record.Blocks[l];
            blocks[l] = new BlockPanels(
                Record(record, kept.Normalized),
                Record(record, kept.Rows),
                output,
                Record(record, kept.Hidden),
                Record(record, kept.Adjoint),
                Record(record, kept.Adjoint),
                l == 0 ? Record(record, kept.Product) : default);
        }

        return blocks;
    }

    private void Forward(long first, int panels, float* record, in Scratch scratch, ReadOnlySpan<BlockPanels> blocks, ReadOnlySpan<BlockPanels> behaviorBlocks)
    {
        var shape = _layout.Shape;
        var input = Record(record, _record.Input);
        var waves = Record(record, _record.Waves);
        var stream = Record(record, _record.Stream);
        for (int p = 0; p < panels; p++)
        {
            float* panel = record + (p * _record.Stride);
            FillInput(first + (p * PanelRows), panel, scratch.Noise.At(p));
            new Span<float>(panel + _record.Input, _record.InputSize * PanelRows).CopyTo(new Span<float>(scratch.BehaviorInput.At(p), _record.InputSize * PanelRows));
            PanelInput<TV, TS>.Waves(_policy.Parameter(_layout.Frequencies), panel + _record.RowValues, waves.At(p));
            PanelInput<TV, TS>.Waves(_behavior.Parameter(_layout.Frequencies), panel + _record.RowValues, scratch.Embedding.At(p));
        }

        PanelInput<TV, TS>.Embed(
            _behavior, _layout, scratch.Embedding, new Panels(scratch.BehaviorInput.At(0, shape.ActionSize), scratch.BehaviorInput.Stride), default, panels);
        PlainPass<TV, TS>.Forward(_behavior, _layout, scratch.BehaviorInput, scratch.Stream, behaviorBlocks, panels);

        PanelInput<TV, TS>.Embed(
            _policy, _layout, waves, new Panels(input.At(0, shape.ActionSize), input.Stride), Record(record, _record.ConditionSlope), panels);
        PlainPass<TV, TS>.Forward(_policy, _layout, input, stream, blocks, panels);

        for (int p = 0; p < panels; p++)
        {
            float* values = record + (p * _record.Stride) + _record.RowValues;
            float* policyDensity = values + PanelRows;
            float* behaviorDensity = values + (2 * PanelRows);
            PlainPass<TV, TS>.Density(_policy, stream.At(p), shape.Width, policyDensity);
            PlainPass<TV, TS>.Density(_behavior, scratch.Stream.At(p), shape.Width, behaviorDensity);
            long row = first + (p * PanelRows);
            for (int r = 0; r < PanelRows && row + r < _slabEnd; r++)
                _at.Gaps[row + r] = policyDensity[r] - behaviorDensity[r];
        }
    }

    private void Backward(long first, int panels, float* record, in Scratch scratch, ReadOnlySpan<BlockPanels> blocks)
    {
        int width = _layout.Shape.Width, hidden = _layout.Shape.Hidden;
        var stream = Record(record, _record.Stream);
        var adjoint = scratch.Stream;
        float* sums = record + _record.SumsStart;
        for (int p = 0; p < panels; p++)
        {
            float* panel = record + (p * _record.Stride);
            float* seed = panel + _record.RowValues + (3 * PanelRows);
            long row = first + (p * PanelRows);
            for (int r = 0; r < PanelRows; r++)
                seed[r] = row + r < _slabEnd ? _seeds[row + r] : 0f;
            PlainPass<TV, TS>.Seed(_policy, stream.At(p), width, seed, adjoint.At(p));
            OutputGradient(stream.At(p), seed, width, panel + _record.SumsStart + _record.Sums.OutputSlope);
        }

        for (int l = blocks.Length - 1; l >= 0; l--)
        {
            var (block, slices, kept, total) = (blocks[l], _layout.Blocks[l], _record.Blocks[l], _record.Sums.Blocks[l]);
            for (int p = 0; p < panels; p++)
            {
                PanelTranspose.Run(adjoint.At(p), width, Record(record, kept.TransposedStream).At(p));
                PanelSum<TV, TS>.Run(adjoint.At(p), width, sums + (p * _record.Stride) + total.ContractBias);
            }

            var biasGradient = new Panels(sums + total.ExpandBias, _record.Stride);
            if (l == 0)
            {
                PlainPass<TV, TS>.FirstBlockBackward(_policy, block, adjoint, biasGradient, width, panels);
                break;
            }

            for (int p = 0; p < panels; p++)
                Affine(block.Normalized.At(p), _policy.Parameter(slices.NormWeight), _policy.Parameter(slices.NormBias), width, scratch.Output.At(p), Record(record, kept.TransposedOutput).At(p));
            Product<TV, TS>.Run(_policy.ContractTransposed(l), adjoint, panels, new TrainingSlopeEpilogue<TV, TS>(block.Adjoint, block.Slope, default, biasGradient));
            Product<TV, TS>.Run(_policy.ExpandTransposed(l), block.Adjoint, panels, new StoreEpilogue<TV, TS>(scratch.Output, null));
            for (int p = 0; p < panels; p++)
            {
                float* panelSums = sums + (p * _record.Stride);
                PanelNorm<TV, TS>.ParameterGradient(scratch.Output.At(p), null, width, block.Normalized.At(p), null, panelSums + total.NormWeight, panelSums + total.NormBias);
                PanelNorm<TV, TS>.Backward(
                    scratch.Output.At(p), null, _policy.Parameter(slices.NormWeight), width, new NormRows(block.Rows.At(p)), block.Normalized.At(p), adjoint.At(p));
            }
        }

        for (int p = 0; p < panels; p++)
        {
            float* panel = record + (p * _record.Stride);
            ScaleFirstAdjoint(new NormRows(blocks[0].Rows.At(p)), hidden, blocks[0].Adjoint.At(p), sums + (p * _record.Stride) + _record.Sums.FirstMean);
            PanelTranspose.Run(adjoint.At(p), width, panel + _record.InputAdjoint);
            PanelTranspose.Run(panel + _record.Input, _record.InputSize + 1, panel + _record.TransposedInput);
        }

        Product<TV, TS>.Run(_policy.EmbeddingTransposed!, adjoint, panels, new StoreEpilogue<TV, TS>(scratch.Embedding, null));
        Product<TV, TS>.Run(_policy.FirstEmbeddingTransposed!, blocks[0].Adjoint, panels, new ResidualEpilogue<TV, TS>(scratch.Embedding, null));
        for (int p = 0; p < panels; p++)
        {
            float* panel = record + (p * _record.Stride);
            PanelInput<TV, TS>.EmbedAdjoint(
                panel + _record.ConditionSlope, scratch.Embedding.At(p), panel + _record.SumsStart + _record.Sums.ConditionBias, panel + _record.ConditionAdjoint);
        }
    }

    /// <summary>∂L/∂O_jh = Σ_rows seed·SiLU(x_h), the same for every j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OutputGradient(float* stream, float* seed, int width, float* gradient)
    {
        for (int h = 0, i = 0; h < width; h++)
        {
            TV total = TS.Broadcast(0f);
            for (int r = 0; r < PanelRows; r += TS.Count, i += TS.Count)
            {
                TV x = TS.Load(stream + i);
                total = TS.MultiplyAdd(TS.Multiply(x, Sigmoid<TV, TS>.Invoke(x)), TS.Load(seed + r), total);
            }

            gradient[h] = TS.Sum(total);
        }
    }

    /// <summary>y = γx̂ + β again, transposed: cheaper than keeping it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Affine(float* normalized, float* gamma, float* beta, int width, float* output, float* transposed)
    {
        for (int h = 0, i = 0; h < width; h++)
        {
            TV weight = TS.Broadcast(gamma[h]), shift = TS.Broadcast(beta[h]);
            for (int r = 0; r < PanelRows; r += TS.Count, i += TS.Count)
                TS.Store(TS.MultiplyAdd(TS.Load(normalized + i), weight, shift), output + i);
        }

        PanelTranspose.Run(output, width, transposed);
    }

    /// <summary>q_z ← q_z·rsd, and Σ_rows mean·rsd·q_z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleFirstAdjoint(NormRows rows, int hidden, float* adjoint, float* meanSums)
    {
        for (int j = 0, i = 0; j < hidden; j++)
        {
            TV total = TS.Broadcast(0f);
            for (int r = 0; r < PanelRows; r += TS.Count, i += TS.Count)
            {
                TV value = TS.Multiply(TS.Load(adjoint + i), TS.Load(rows.ReciprocalDeviation + r));
                TS.Store(value, adjoint + i);
                total = TS.MultiplyAdd(value, TS.Load(rows.Mean + r), total);
            }

            meanSums[j] = TS.Sum(total);
        }
    }

    /// <summary>a_t, s and 1 into the input; t into the row values.</summary>
    private void FillInput(long row, float* record, float* noise)
    {
        var shape = _layout.Shape;
        float* times = record + _record.RowValues;
        float* input = record + _record.Input;
        if (_at.Noise != null)
        {
            PanelInput<TV, TS>.Rows(_at.Noise, shape.ActionSize, row, _slabEnd, 1, noise);
        }
        else
        {
            CpuRandom.Normals(_at.Draw, RandomPurpose.Noise, (ulong)(row * shape.ActionSize), PanelRows * shape.ActionSize, input);
            PanelInput<TV, TS>.Rows(input, shape.ActionSize, 0, Math.Min(PanelRows, _slabEnd - row), 1, noise);
        }

        PanelInput<TV, TS>.Rows(_at.Candidates, shape.ActionSize, row, _slabEnd, 1, input);
        long drawn = -1;
        float alpha = 0, sigma = 0, time = 0;
        for (int r = 0; r < PanelRows; r++)
        {
            long state = Math.Min(row + r, _slabEnd - 1) / _at.CandidateCount;
            if (state != drawn)
            {
                drawn = state;
                time = _at.Times != null ? _at.Times[state] : _schedule.Time(Philox.Uniform(Philox.Word(_at.Draw, RandomPurpose.DiffusionTime, (ulong)state)));
                (alpha, sigma) = ((float)_schedule.Alpha(time), (float)_schedule.Sigma(time));
            }

            times[r] = time;
            for (int j = 0; j < shape.ActionSize; j++)
            {
                int i = (j * PanelRows) + r;
                input[i] = (alpha * input[i]) + (sigma * noise[i]);
            }
        }

        if (shape.StateSize > 0)
            PanelInput<TV, TS>.Rows(_at.States, shape.StateSize, row, _slabEnd, _at.CandidateCount, input + ((shape.ActionSize + BdmShape.TimeFeatures) * PanelRows));
        PanelInput<TV, TS>.Ones(input + (_record.InputSize * PanelRows));
    }

    private readonly record struct Scratch(Panels Stream, Panels Output, Panels Noise, Panels Embedding, Panels BehaviorInput);
}
