using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>The states, candidates and labels of one alignment step, on the device.</summary>
/// <param name="States">s [b×S]; null where S = 0.</param>
/// <param name="Candidates">The undiffused candidates [b×K×A].</param>
/// <param name="Labels">Q [b×K], unscaled.</param>
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

    /// <summary>A short name for the contents, by which a saved state of training knows its candidates again.</summary>
    string Fingerprint { get; }

    /// <summary>Makes a batch. Its arrays belong to this source and hold until the next call.</summary>
    /// <param name="stateCount">b.</param>
    /// <param name="draw">The random stream of the step.</param>
    /// <returns>The batch.</returns>
    AlignmentBatch Next(int stateCount, in RandomDraw draw);
}
