using System.Text.Json;

namespace EDA.Bench.Comparison;

/// <summary>A step of the engine beside a reference's. Without a reference, what is of one is null.</summary>
/// <param name="Name">pretraining_step, alignment_step, iql_step, score, sampling, file_to_score.</param>
/// <param name="EngineSeconds">The engine's median time.</param>
/// <param name="Reference">pytorch, torchsharp, their precisions behind a dash, or the engine in another precision: eda-fp32, eda-bf16x3, eda-bf16.</param>
/// <param name="ReferenceSeconds">Its median time.</param>
/// <param name="Ratio">Reference over engine: how many times as fast the engine is.</param>
/// <param name="PeakShare">Nominal work over the engine's time over the peak of the same run; null for a whole run.</param>
/// <param name="EngineRounds">How many turns of the engine its time is the median of.</param>
/// <param name="ReferenceRounds">How many of the reference; one that takes long has one.</param>
public sealed record ComparisonRow(string Name, double EngineSeconds, string? Reference, double? ReferenceSeconds, double? Ratio, double? PeakShare, int EngineRounds, int? ReferenceRounds);

/// <summary>A program that took part.</summary>
/// <param name="Program">eda, pytorch, torchsharp.</param>
/// <param name="Settings">best or default; the engine has one.</param>
/// <param name="Version">Its version.</param>
/// <param name="Device">Where it ran.</param>
/// <param name="Precision">fp32, tf32, fp16 or bf16.</param>
/// <param name="Threads">Its threads, where it says.</param>
/// <param name="Blas">The library of matrix products that it had loaded; null where it needs none.</param>
/// <param name="BlasPath">That library's file.</param>
/// <param name="Unfair">True where that library makes its times no measure of the program.</param>
/// <param name="Kernel">Which of its kernels that library chose for the processor, where it says.</param>
public sealed record ComparedProgram(
    string Program, string Settings, string Version, string Device, string Precision, int? Threads, string? Blas, string? BlasPath, bool Unfair, string? Kernel = null);

/// <summary>The most memory that a program's process held during a step, everything included.</summary>
/// <param name="Name">The step.</param>
/// <param name="Program">The program.</param>
/// <param name="Settings">best or default.</param>
/// <param name="PeakBytes">Resident bytes at the highest; null where the system does not tell.</param>
public sealed record ComparedMemory(string Name, string Program, string Settings, long? PeakBytes);

/// <summary>What a step is.</summary>
/// <param name="Name">The step.</param>
/// <param name="What">How large it is, in words.</param>
/// <param name="Flop">Nominal work; null where it is not counted.</param>
/// <param name="PeakGflops">The engine's device's arithmetic peak, measured in turns with this step.</param>
/// <param name="FloorSeconds">That work over the peak.</param>
public sealed record ComparedStep(string Name, string What, double? Flop, double? PeakGflops, double? FloorSeconds);

/// <summary>The comparison of <c>eda bench compare</c>.</summary>
/// <param name="Rows">The steps, each reference's with its best settings.</param>
/// <param name="DefaultSettings">The same with the reference's default settings.</param>
/// <param name="Steps">What the steps are.</param>
/// <param name="Memory">Memory by step and program.</param>
/// <param name="Programs">Who took part, the engine first.</param>
/// <param name="PeakGflops">The median of the steps' peaks; null of a whole run alone.</param>
/// <param name="Arithmetic">The load that gave it.</param>
/// <param name="Rounds">How many turns the engine had in each row, at least.</param>
/// <param name="System">The machine's system.</param>
public sealed record ComparisonDocument(
    IReadOnlyList<ComparisonRow> Rows, IReadOnlyList<ComparisonRow> DefaultSettings, IReadOnlyList<ComparedStep> Steps, IReadOnlyList<ComparedMemory> Memory,
    IReadOnlyList<ComparedProgram> Programs, double? PeakGflops, string Arithmetic, int Rounds, string System) : MeasurementDocument
{
    /// <summary>A reference at its best.</summary>
    public const string Best = "best";

    /// <summary>A reference as it comes.</summary>
    public const string Default = "default";

    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => JsonDestination.HasKeys(root, "rows", "default_settings");

    /// <summary>A step's description.</summary>
    internal ComparedStep Step(string name) => Steps.First(step => step.Name == name);

    /// <summary>The memory of a program during a step.</summary>
    internal long? PeakBytes(string name, string? program, string settings) =>
        Memory.FirstOrDefault(each => each.Name == name && each.Program == program && each.Settings == settings)?.PeakBytes;

    /// <summary>A program that took part.</summary>
    internal ComparedProgram? Program(string? program, string settings) => Programs.FirstOrDefault(each => each.Program == program && each.Settings == settings);
}
