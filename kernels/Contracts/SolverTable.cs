using System.Collections.Immutable;

namespace EDA.Kernels;

/// <summary>
/// One evaluation of an ODE solver in data prediction. With x the current point and x̂ = (x − σ ε̂(x, t)) / α, the
/// next point is AnchorWeight·anchor + Weight0·x̂ + Weight1·x̂₋₁ + Weight2·x̂₋₂, where x̂₋₁ and x̂₋₂ are the data
/// predictions of the two evaluations before.
/// </summary>
/// <param name="Time">The diffusion time t of the evaluation.</param>
/// <param name="Alpha">α_t.</param>
/// <param name="Sigma">σ_t.</param>
/// <param name="AnchorWeight">The weight of the anchor, the point where the current solver step began.</param>
/// <param name="Weight0">The weight of this evaluation's data prediction.</param>
/// <param name="Weight1">The weight of the previous one.</param>
/// <param name="Weight2">The weight of the one before that.</param>
/// <param name="MovesAnchor">Whether the next point becomes the anchor: true at the end of a solver step.</param>
public readonly record struct SolverEvaluation(
    float Time,
    float Alpha,
    float Sigma,
    float AnchorWeight,
    float Weight0,
    float Weight1,
    float Weight2,
    bool MovesAnchor);

/// <summary>
/// A whole sampling run as numbers: what the engine's DpmSolver hands to a device, which runs the loop without
/// knowing the solver.
/// </summary>
/// <param name="Evaluations">The evaluations, in order.</param>
public sealed record SolverTable(ImmutableArray<SolverEvaluation> Evaluations);
