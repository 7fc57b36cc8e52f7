using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;

namespace EDA.Bench.Torch;

/// <summary>The random numbers of a step as tensors: those that are given, or the words that every device draws.</summary>
internal sealed unsafe class AutogradDraws(AutogradDevice device, BdmShape shape, VarianceSchedule schedule) : IDisposable
{
    private DeviceArray<float>? _times;
    private DeviceArray<float>? _noise;
    private DeviceArray<float>? _keep;

    /// <summary>t [n].</summary>
    public torch.Tensor Times(TensorScope scope, DeviceArray<float>? given, in RandomDraw draw, int count, int model, int models)
    {
        if (given is not null)
            return scope.Input(given, model, models, count);
        var drawn = (float*)Scratch(ref _times, count);
        for (int i = 0; i < count; i++)
            drawn[i] = schedule.Time(Philox.Uniform(Philox.Word(draw.OfModel(model), RandomPurpose.DiffusionTime, (ulong)i)));
        return scope.View(_times!, 0, count);
    }

    /// <summary>Normals [n×A].</summary>
    public torch.Tensor Noise(TensorScope scope, DeviceArray<float>? given, in RandomDraw draw, RandomPurpose purpose, long rows, int model, int models)
    {
        if (given is not null)
            return scope.Input(given, model, models, rows, shape.ActionSize);
        Scratch(ref _noise, rows * shape.ActionSize);
        device.Vector.FillNormal(new() { Values = _noise!, Count = rows * shape.ActionSize, Draw = draw.OfModel(model), Purpose = purpose });
        return scope.View(_noise!, 0, rows, shape.ActionSize);
    }

    /// <summary>The solver's starting points [n×K×A].</summary>
    public torch.Tensor Start(TensorScope scope, in SampleCall call, int model, int models)
    {
        long rows = (long)call.StateCount * call.CandidateCount;
        int stride = call.CheckStride(), size = shape.ActionSize;
        if (call.Start is not null || (call.Numbers is null && stride == call.CandidateCount))
            return Noise(scope, call.Start, call.Draw, RandomPurpose.SolverStart, rows, model, models);
        int[]? numbers = call.Numbers?.ToArray();
        var draw = call.Draw.OfModel(model);
        var drawn = (float*)Scratch(ref _noise, rows * size);
        for (int state = 0; state < call.StateCount; state++)
        {
            ulong first = (ulong)(numbers?[state] ?? state) * (ulong)stride * (ulong)size;
            for (int i = 0; i < call.CandidateCount * size; i++)
                *drawn++ = Philox.Normal(draw, RandomPurpose.SolverStart, first + (ulong)i);
        }

        return scope.View(_noise!, 0, rows, size);
    }

    /// <summary>The dropout factors [n×blocks×H], 0 or 1/(1 − rate); null where nothing is dropped.</summary>
    public torch.Tensor? Keep(TensorScope scope, in DenoisingDraws draws, int rows, int model, int models)
    {
        double scale = 1 / (1 - (double)draws.DropoutRate);
        if (draws.DropoutMask is { } given)
            return scope.Input(given, model, models, rows, shape.Blocks, shape.Width) * scale;
        if (draws.DropoutRate == 0)
            return null;
        nint keep = Scratch(ref _keep, (long)rows * shape.Blocks * shape.Width);
        uint threshold = (uint)Math.Round(draws.DropoutRate * 4294967296.0);
        var draw = draws.Draw.OfModel(model);
        int width = shape.Blocks * shape.Width;
        Parallel.For(0, rows, new ParallelOptions { MaxDegreeOfParallelism = device.Threads }, row => FillKeep(draw, (long)row * width, width, threshold, (float)scale, (float*)keep));
        return scope.View(_keep!, 0, rows, shape.Blocks, shape.Width);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _times?.Dispose();
        _noise?.Dispose();
        _keep?.Dispose();
    }

    // Elements first to first + count, both multiples of 4.
    private static void FillKeep(in RandomDraw draw, long first, int count, uint threshold, float scale, float* keep)
    {
        bool aligned = (draw.FirstElement & 3) == 0;
        for (long i = first; i < first + count; i += 4)
        {
            if (aligned)
            {
                var words = Philox.Block(draw, RandomPurpose.Dropout, (draw.FirstElement + (ulong)i) >> 2);
                (keep[i], keep[i + 1], keep[i + 2], keep[i + 3]) = (Factor(words.W0), Factor(words.W1), Factor(words.W2), Factor(words.W3));
                continue;
            }

            for (long j = i; j < i + 4; j++)
                keep[j] = Factor(Philox.Word(draw, RandomPurpose.Dropout, (ulong)j));
        }

        float Factor(uint word) => word < threshold ? 0 : scale;
    }

    private nint Scratch(ref DeviceArray<float>? array, long count)
    {
        if (array is null || array.Length < count)
        {
            array?.Dispose();
            array = device.Allocate<float>(count);
        }

        return CpuMemory.Address(array, count);
    }
}
