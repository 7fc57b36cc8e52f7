using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.CpuArguments;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>Takes the rows of a batch out of a dataset and lays them out as panels.</summary>
internal sealed unsafe class TransitionPanels(CriticShape shape)
{
    private TransitionBatch _batch;
    private float* _states;
    private float* _actions;
    private float* _rewards;
    private float* _terminals;
    private float* _nextStates;
    private int* _indices;

    /// <summary>The rows of the batch.</summary>
    public int Rows => _batch.Rows;

    /// <summary>Checks a batch's arrays and keeps them for the step.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="nextStates">Whether the step looks at rewards, terminals and next states.</param>
    public void Use(in TransitionBatch batch, bool nextStates)
    {
        var data = batch.Data;
        long count = AtLeastOne(data.Count);
        _indices = batch.Indices is null ? null : Pointer(batch.Indices, AtLeastOne(batch.Rows));
        _states = Pointer(data.States, count * shape.StateSize);
        _actions = Pointer(data.Actions, count * shape.ActionSize);
        if (nextStates)
        {
            _rewards = Pointer(data.Rewards, count);
            _terminals = Pointer(data.Terminals, count);
            _nextStates = Pointer(data.NextStates, count * shape.StateSize);
        }

        AtLeastOne(batch.Rows);
        _batch = batch;
    }

    /// <summary>Lets the batch's arrays go; who called the step keeps them from being finalised until then.</summary>
    public void Release() => _batch = default;

    /// <summary>
    /// Fills the record of the 32 rows from <paramref name="firstRow"/> on. Rows past the batch are zero, so that they
    /// stay finite and, their seeds being zero too, add nothing to a gradient.
    /// </summary>
    /// <param name="record">Where things stand.</param>
    /// <param name="firstRow">The first row of the batch.</param>
    /// <param name="panel">The record of the panel.</param>
    /// <param name="reward">Where r goes among the row values.</param>
    /// <param name="discount">Where γ(1 − d) goes among the row values.</param>
    /// <param name="gamma">γ.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(MlpRecord record, long firstRow, float* panel, int reward, int discount, float gamma)
    {
        int stateSize = shape.StateSize, actionSize = shape.ActionSize;
        float* input = panel + record.Input;
        float* state = panel + record.State;
        float* nextState = panel + record.NextState;
        float* values = panel + record.RowValues;
        int count = (int)Math.Min(PanelRows, _batch.Rows - firstRow);
        long* drawn = stackalloc long[PanelRows];

        // The rows lie all over the dataset: every one is on its way before the first is looked at.
        for (int r = 0; r < count; r++)
        {
            long row = Index(firstRow + r);
            drawn[r] = row;
            Fetch.All(_actions + (row * actionSize), actionSize);
            Fetch.All(_states + (row * stateSize), stateSize);
            if (record.NextState < 0)
                continue;
            Fetch.All(_nextStates + (row * stateSize), stateSize);
            Fetch.All(_rewards + row, 1);
            Fetch.All(_terminals + row, 1);
        }

        for (int r = 0; r < PanelRows; r++)
        {
            if (r >= count)
            {
                Column(null, actionSize, input + r);
                Column(null, stateSize, state + r);
                if (record.NextState < 0)
                    continue;
                Column(null, stateSize, nextState + r);
                (values[(reward * PanelRows) + r], values[(discount * PanelRows) + r]) = (0f, 0f);
                continue;
            }

            long row = drawn[r];
            Column(_actions + (row * actionSize), actionSize, input + r);
            Column(_states + (row * stateSize), stateSize, state + r);
            if (record.NextState < 0)
                continue;
            Column(_nextStates + (row * stateSize), stateSize, nextState + r);
            values[(reward * PanelRows) + r] = _rewards[row];
            values[(discount * PanelRows) + r] = gamma * (1 - _terminals[row]);
        }

        PanelTranspose.Run(input, shape.InputSize, panel + record.TransposedInput);
    }

    /// <summary>s' of one row of the batch.</summary>
    public float* NextState(long row) => _nextStates + (Index(row) * (long)shape.StateSize);

    private static void Column(float* from, int count, float* to)
    {
        for (int j = 0; j < count; j++)
            to[j * PanelRows] = from == null ? 0f : from[j];
    }

    private int Index(long row)
    {
        if (_indices == null)
            return Philox.Index(Philox.Word(_batch.Draw, RandomPurpose.BatchIndex, (ulong)row), _batch.Data.Count);
        int index = _indices[row];
        return (uint)index < (uint)_batch.Data.Count
            ? index
            : throw new ArgumentOutOfRangeException("indices", index, $"index {row} is outside the {_batch.Data.Count} rows of the dataset");
    }
}
