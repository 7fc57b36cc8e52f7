namespace EDA.Host.Figures;

/// <summary>One figure of a run.</summary>
/// <param name="Name">The file name without extension.</param>
/// <param name="Caption">What it shows; <c>_{x}</c> sets x lower.</param>
/// <param name="Svg">The image, an SVG document.</param>
public sealed record Figure(string Name, string Caption, string Svg);
