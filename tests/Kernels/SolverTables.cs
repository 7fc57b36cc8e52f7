using EDA.Kernels;
using EDA.Tests.Twin;

namespace EDA.Tests.Kernels;

/// <summary>Tables to try a device's solver loop with, made without the engine's solver.</summary>
public static class SolverTables
{
    /// <summary>DPM-Solver++ of order 1 (DDIM) on times uniform from 1 to 1e-3.</summary>
    public static SolverTable FirstOrder(int evaluations)
    {
        var steps = new SolverEvaluation[evaluations];
        for (int i = 0; i < evaluations; i++)
        {
            double from = Time(i), to = Time(i + 1);
            double shrink = TwinSchedule.Sigma(to) / TwinSchedule.Sigma(from);
            double weight = TwinSchedule.Alpha(to) - (shrink * TwinSchedule.Alpha(from));
            steps[i] = Evaluation(from, shrink, weight, 0, 0, movesAnchor: true);
        }

        return new SolverTable([.. steps]);

        double Time(int i) => 1 + ((1e-3 - 1) * i / evaluations);
    }

    /// <summary>
    /// No solver at all, but every feature of a table: anchors that stay for one, two and three evaluations, and
    /// weights on both older predictions.
    /// </summary>
    public static SolverTable EveryFeature { get; } = new(
    [
        Evaluation(0.6, 0.9, 0.2, 0, 0, movesAnchor: true),
        Evaluation(0.5, 0.8, 0.3, -0.1, 0, movesAnchor: false),
        Evaluation(0.45, 0.7, 0.4, 0.15, 0.1, movesAnchor: true),
        Evaluation(0.4, 0.6, -0.2, 0.5, 0.05, movesAnchor: false),
        Evaluation(0.35, 0.5, 0.3, 0.2, -0.3, movesAnchor: false),
        Evaluation(0.2, 0.4, 0.45, -0.25, 0.35, movesAnchor: true),
        Evaluation(0.001, 0.3, 0.6, 0.1, 0, movesAnchor: false),
    ]);

    private static SolverEvaluation Evaluation(
        double time, double anchor, double weight0, double weight1, double weight2, bool movesAnchor) => new(
            (float)time,
            (float)TwinSchedule.Alpha(time),
            (float)TwinSchedule.Sigma(time),
            (float)anchor,
            (float)weight0,
            (float)weight1,
            (float)weight2,
            movesAnchor);
}
