using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>The states, candidates and labels of one alignment step, on the device.</summary>
/// <param name="States">s [M×b×S]; null where S = 0.</param>
/// <param name="Candidates">The undiffused candidates [M×b×K×A].</param>
/// <param name="Labels">Q [M×b×K], unscaled.</param>
public readonly record struct AlignmentBatch(DeviceArray<float>? States, DeviceArray<float> Candidates, DeviceArray<float> Labels);

/// <summary>
/// Where policy alignment takes its batches from: a fixed set of labelled candidates, or fresh draws. A batch depends
/// on nothing but the draw, so that a resumed run sees what it would have seen.
/// </summary>
public interface IAlignmentBatches : IDisposable
{
    /// <summary>S, 0 where there is no state.</summary>
    int StateSize { get; }

    /// <summary>A.</summary>
    int ActionSize { get; }

    /// <summary>K, at least 2.</summary>
    int CandidateCount { get; }

    /// <summary>M, the number of models that a batch is for, side by side.</summary>
    int Models => 1;

    /// <summary>A short name for the contents, by which a saved state of training knows its candidates again; of the first model's where there are several.</summary>
    string Fingerprint { get; }

    /// <summary>A short name for the contents that a model's batches come from.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The name, the same as where the model is alone.</returns>
    string FingerprintOf(int model) => Fingerprint;

    /// <summary>Makes a batch. Its arrays belong to this source and hold until the next call.</summary>
    /// <param name="stateCount">b, of each model.</param>
    /// <param name="draw">The random stream of the step; model m draws from the seed plus m.</param>
    /// <returns>The batch.</returns>
    AlignmentBatch Next(int stateCount, in RandomDraw draw);
}
