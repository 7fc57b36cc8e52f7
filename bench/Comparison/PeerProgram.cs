namespace EDA.Bench.Comparison;

/// <summary>How a side of a comparison is started.</summary>
/// <param name="Name">What rows call it: eda, pytorch, torchsharp.</param>
/// <param name="Settings">Which of its settings, in words.</param>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">What its environment has besides; a variable that is null is taken away.</param>
/// <param name="Device">The options that a command of `eda` takes its device by; null where it is no program of `eda`'s.</param>
internal sealed record PeerProgram(string Name, string Settings, string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment, IReadOnlyList<string>? Device = null);
