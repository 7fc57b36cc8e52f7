using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// Density, score and the whole sampling loop: no step needs more than one tile of rows at a time, so each tile runs
/// from input to output on one thread, out of scratch memory that stays in its cache.
/// Reads a_t, t, s; writes f or ε̂ or actions. 10 of 12 nominal block products a score.
/// </summary>
internal sealed unsafe class InferencePass<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly BdmLayout _layout;
    private readonly VarianceSchedule _schedule;
    private readonly WorkerPool _pool;
    private readonly PreparedNetwork<TV, TS> _network;
    private readonly NativeBuffer _memory = new();
    private readonly BlockPanels[][] _blocks;
    private readonly Scratch[] _scratch;
    private readonly bool _gradient;

    private Output _output;
    private EvaluationPointers _at;
    private SamplePointers _sample;
    private float* _states;
    private float* _result;
    private long _rows;
    private int _candidates;

    public InferencePass(BdmLayout layout, VarianceSchedule schedule, WorkerPool pool, bool gradient)
    {
        (_layout, _schedule, _pool, _gradient) = (layout, schedule, pool, gradient);
        _network = new PreparedNetwork<TV, TS>(layout, gradient ? PreparedFor.Score : PreparedFor.Density, pool.Arithmetic);
        var shape = layout.Shape;
        int h = shape.Width, a = PackedMatrix.Pad(shape.ActionSize);
        var record = default(RecordLayout);
        long Features(int count) => record.Take((long)count * PanelRows);
        long input = Features(_network.InputSize + 1), waves = Features(BdmShape.TimeFeatures);
        long stream = Features(h), adjoint = Features(h), output = Features(h), hidden = Features(shape.Hidden);
        long gradients = Features(a), firstGradients = Features(a), rowValues = Features(3), solver = Features(4 * shape.ActionSize);
        long[] normalized = new long[shape.Blocks], rows = new long[shape.Blocks], slope = new long[shape.Blocks];
        for (int l = 0; l < shape.Blocks; l++)
        {
            bool own = gradient || l == 0;
            rows[l] = own ? record.Take(NormRows.Length) : rows[0];
            normalized[l] = own ? Features(h) : normalized[0];
            slope[l] = gradient ? Features(shape.Hidden) : 0;
        }

        long product = gradient ? Features(shape.Hidden) : 0;
        long stride = record.Stride;
        float* memory = _memory.Require(record, pool.TilePanels * pool.Workers);
        _scratch = new Scratch[pool.Workers];
        _blocks = new BlockPanels[pool.Workers][];
        for (int worker = 0; worker < pool.Workers; worker++)
        {
            float* start = memory + (worker * pool.TilePanels * stride);
            Panels At(long offset) => new(start + offset, stride);
            _scratch[worker] = new Scratch(At(input), At(waves), At(stream), At(adjoint), At(gradients), At(firstGradients), At(rowValues), At(solver));
            _blocks[worker] = new BlockPanels[shape.Blocks];
            for (int l = 0; l < shape.Blocks; l++)
            {
                _blocks[worker][l] = new BlockPanels(
                    At(normalized[l]),
                    At(rows[l]),
                    At(output),
                    At(hidden),
                    gradient ? At(slope[l]) : default,
                    gradient ? At(slope[l]) : default,
                    gradient && l == 0 ? At(product) : default);
            }
        }
    }

    private enum Output
    {
        Density,
        Score,
        Sample,
    }

    /// <summary>Density or score of n rows.</summary>
    public void Evaluate(in EvaluationPointers at)
    {
        _at = at;
        (_output, _rows, _candidates) = (_gradient ? Output.Score : Output.Density, at.Rows, 1);
        Start(at.Parameters, at.States, at.Result);
    }

    /// <summary>K samples of each of n states.</summary>
    public void Sample(in SamplePointers at)
    {
        _sample = at;
        (_output, _rows, _candidates) = (Output.Sample, (long)at.StateCount * at.CandidateCount, at.CandidateCount);
        Start(at.Parameters, at.States, at.Actions);
        _sample = default;
    }

    public void Run(int item, int worker)
    {
        long first = (long)item * _pool.TileRows;
        int panels = (int)Math.Min(_pool.TilePanels, (_rows - first + PanelRows - 1) / PanelRows);
        if (_output == Output.Sample)
            SampleTile(first, panels, worker);
        else
            EvaluateTile(first, panels, worker);
    }

    public void Dispose()
    {
        _network.Dispose();
        _memory.Dispose();
    }

    private void Start(float* parameters, float* states, float* result)
    {
        _states = states;
        _result = result;
        _network.Prepare(parameters, _pool);
        _pool.Run(this, (int)((_rows + _pool.TileRows - 1) / _pool.TileRows));
    }

    private void EvaluateTile(long first, int panels, int worker)
    {
        int actionSize = _layout.Shape.ActionSize, width = _layout.Shape.Width;
        ref var scratch = ref _scratch[worker];
        for (int p = 0; p < panels; p++)
        {
            long row = first + (p * PanelRows);
            PanelInput<TV, TS>.Rows(_at.Actions, actionSize, row, _rows, 1, scratch.Input.At(p));
            PanelInput<TV, TS>.Rows(_at.Times, 1, row, _rows, 1, scratch.RowValues.At(p));
            FillState(row, scratch.Input.At(p));
        }

        Forward(ref scratch, panels, worker);
        if (_output == Output.Score)
            Gradient(ref scratch, panels, worker);
        for (int p = 0; p < panels; p++)
        {
            long row = first + (p * PanelRows);
            int count = (int)Math.Min(PanelRows, _rows - row);
            if (_output == Output.Density)
            {
                float* density = scratch.RowValues.At(p, 1);
                PlainPass<TV, TS>.Density(_network, scratch.Stream.At(p), width, density);
                new Span<float>(density, count).CopyTo(new Span<float>(_result + row, count));
                continue;
            }

            float* gradient = scratch.Gradient.At(p);
            float* to = _result + (row * actionSize);
            for (int r = 0; r < count; r++)
            {
                float sigma = (float)_schedule.Sigma(scratch.RowValues.At(p)[r]);
                for (int j = 0; j < actionSize; j++)
                    *to++ = -sigma * gradient[(j * PanelRows) + r];
            }
        }
    }

    private void SampleTile(long first, int panels, int worker)
    {
        int actionSize = _layout.Shape.ActionSize;
        int size = actionSize * PanelRows;
        ref var scratch = ref _scratch[worker];
        for (int p = 0; p < panels; p++)
        {
            long row = first + (p * PanelRows);
            FillStart(row, scratch.Input.At(p), scratch.Gradient.At(p));
            FillState(row, scratch.Input.At(p));
            new Span<float>(scratch.Input.At(p), size).CopyTo(new Span<float>(scratch.Solver.At(p), size));
            new Span<float>(scratch.Solver.At(p, actionSize), 3 * size).Clear();
        }

        var evaluations = _sample.Table.Evaluations;
        for (int n = 0; n < evaluations.Length; n++)
        {
            var evaluation = evaluations[n];
            for (int p = 0; p < panels; p++)
                new Span<float>(scratch.RowValues.At(p), PanelRows).Fill(evaluation.Time);
            Forward(ref scratch, panels, worker);
            Gradient(ref scratch, panels, worker);
            for (int p = 0; p < panels; p++)
                Advance(evaluation, n, scratch.Input.At(p), scratch.Gradient.At(p), scratch.Solver.At(p), size);
        }

        for (int p = 0; p < panels; p++)
        {
            long row = first + (p * PanelRows);
            int count = (int)Math.Min(PanelRows, _rows - row);
            float* from = scratch.Input.At(p);
            float* to = _result + (row * actionSize);
            for (int r = 0; r < count; r++)
            {
                for (int j = 0; j < actionSize; j++)
                    *to++ = from[(j * PanelRows) + r];
            }
        }
    }

    /// <summary>One evaluation of the solver: x̂ = (x + σ²∇f)/α, then the table's combination.</summary>
    private static void Advance(in SolverEvaluation evaluation, int number, float* point, float* gradient, float* solver, int size)
    {
        float* anchor = solver;
        float* current = solver + ((1 + (number % 3)) * size);
        float* previous = solver + ((1 + ((number + 2) % 3)) * size);
        float* beforePrevious = solver + ((1 + ((number + 1) % 3)) * size);
        TV variance = TS.Broadcast(evaluation.Sigma * evaluation.Sigma), alpha = TS.Broadcast(evaluation.Alpha);
        TV anchorWeight = TS.Broadcast(evaluation.AnchorWeight);
        TV weight0 = TS.Broadcast(evaluation.Weight0), weight1 = TS.Broadcast(evaluation.Weight1), weight2 = TS.Broadcast(evaluation.Weight2);
        for (int i = 0; i < size; i += TS.Count)
        {
            TV data = TS.Divide(TS.MultiplyAdd(variance, TS.Load(gradient + i), TS.Load(point + i)), alpha);
            TS.Store(data, current + i);
            TV next = TS.Multiply(anchorWeight, TS.Load(anchor + i));
            next = TS.MultiplyAdd(weight2, TS.Load(beforePrevious + i), next);
            next = TS.MultiplyAdd(weight1, TS.Load(previous + i), next);
            next = TS.MultiplyAdd(weight0, data, next);
            TS.Store(next, point + i);
            if (evaluation.MovesAnchor)
                TS.Store(next, anchor + i);
        }
    }

    private void Forward(ref Scratch scratch, int panels, int worker)
    {
        float* frequencies = _network.Parameter(_layout.Frequencies);
        for (int p = 0; p < panels; p++)
            PanelInput<TV, TS>.Waves(frequencies, scratch.RowValues.At(p), scratch.Waves.At(p));
        var embedding = new Panels(scratch.Input.At(0, _layout.Shape.ActionSize), scratch.Input.Stride);
        PanelInput<TV, TS>.Embed(_network, _layout, scratch.Waves, embedding, default, panels);
        PlainPass<TV, TS>.Forward(_network, _layout, scratch.Input, scratch.Stream, _blocks[worker], panels);
    }

    private void Gradient(ref Scratch scratch, int panels, int worker)
    {
        for (int p = 0; p < panels; p++)
            PlainPass<TV, TS>.Seed(_network, scratch.Stream.At(p), _layout.Shape.Width, null, scratch.Adjoint.At(p));
        PlainPass<TV, TS>.Backward(_network, _layout, scratch.Adjoint, _blocks[worker], scratch.Gradient, scratch.FirstGradient, panels);
    }

    private void FillState(long row, float* input)
    {
        var shape = _layout.Shape;
        if (shape.StateSize > 0)
            PanelInput<TV, TS>.Rows(_states, shape.StateSize, row, _rows, _candidates, input + ((shape.ActionSize + BdmShape.TimeFeatures) * PanelRows));
    }

    private void FillStart(long row, float* panel, float* rowMajor)
    {
        int actionSize = _layout.Shape.ActionSize;
        if (_sample.Start != null)
        {
            PanelInput<TV, TS>.Rows(_sample.Start, actionSize, row, _rows, 1, panel);
            return;
        }

        if (_sample.Numbers == null && _sample.Stride == _candidates)
            CpuRandom.Normals(_sample.Draw, RandomPurpose.SolverStart, (ulong)(row * actionSize), PanelRows * actionSize, rowMajor);
        else
            FillNumbered(row, rowMajor);
        PanelInput<TV, TS>.Rows(rowMajor, actionSize, 0, PanelRows, 1, panel);
    }

    // Rows whose numbers do not follow each other; beyond the last there is nothing to look at.
    private void FillNumbered(long first, float* rowMajor)
    {
        int actionSize = _layout.Shape.ActionSize;
        new Span<float>(rowMajor, PanelRows * actionSize).Clear();
        for (long row = first; row < Math.Min(first + PanelRows, _rows); row++, rowMajor += actionSize)
        {
            long state = row / _candidates, number = _sample.Numbers == null ? state : _sample.Numbers[state];
            CpuRandom.Normals(_sample.Draw, RandomPurpose.SolverStart, (ulong)(((number * _sample.Stride) + (row % _candidates)) * actionSize), actionSize, rowMajor);
        }
    }

    private readonly record struct Scratch(
        Panels Input,
        Panels Waves,
        Panels Stream,
        Panels Adjoint,
        Panels Gradient,
        Panels FirstGradient,
        Panels RowValues,
        Panels Solver);
}
