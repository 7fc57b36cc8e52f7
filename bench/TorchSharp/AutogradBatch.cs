using EDA.Engine.Optimizers;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;
using static EDA.Bench.Torch.TensorScope;

namespace EDA.Bench.Torch;

/// <summary>The rows of a batch of transitions, as tensors.</summary>
internal sealed class AutogradBatch
{
    private readonly TensorScope _scope;
    private readonly Transitions _data;
    private readonly torch.Tensor _indices;

    /// <param name="scope">The operation's tensors.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="vector">Draws its rows where they are not given.</param>
    /// <param name="drawn">Where they are drawn to.</param>
    public AutogradBatch(TensorScope scope, in TransitionBatch batch, IVectorOperations vector, Func<int, DeviceArray<int>> drawn)
    {
        (_scope, _data) = (scope, batch.Data);
        int rows = AtLeastOne(batch.Rows), count = AtLeastOne(batch.Data.Count);
        var indices = batch.Indices;
        if (indices is null)
        {
            indices = drawn(rows);
            vector.FillIndices(new() { Indices = indices, Count = rows, Upper = count, Draw = batch.Draw, Purpose = RandomPurpose.BatchIndex });
        }

        nint address = CpuMemory.Address(indices, rows);
        // A copy: the memory is not looked at once the indices have been checked.
        _indices = TorchMemory.Integers(address, rows).clone();
        GC.KeepAlive(indices);
        int least = _indices.min().ToInt32(), most = _indices.max().ToInt32();
        if (least < 0 || most >= count)
            throw new ArgumentOutOfRangeException(nameof(batch), least < 0 ? least : most, $"an index is outside the {count} rows of the dataset");
    }

    /// <summary>s or s' [n×S], a [n×A].</summary>
    public torch.Tensor Rows(DeviceArray<float> source, int width) => _scope.View(source, 0, _data.Count, width).index_select(0, _indices);

    /// <summary>r or d [n].</summary>
    public torch.Tensor Numbers(DeviceArray<float> source) => _scope.View(source, 0, _data.Count).index_select(0, _indices);
}
