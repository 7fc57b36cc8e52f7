namespace EDA.Host.Figures;

/// <summary>The figure of what was measured over the steps of the stages.</summary>
public static class CurveFigure
{
    private const double Width = 440;
    private const double Height = 215;
    private const double HeadRoom = 22;
    private const double RowGap = 10;
    private const double TitleGap = 3;
    private const int MostInRow = 2;

    /// <summary>Draws the losses: all there is to show of a run that was cut short.</summary>
    /// <param name="losses">The curves, at least one.</param>
    /// <returns>The figure.</returns>
    public static Figure Losses(IReadOnlyList<LossCurve> losses) =>
        new("losses", "Training losses over steps, each point a mean over the steps since the one before.", Draw(losses));

    /// <summary>Draws the learning curve of alignment.</summary>
    /// <param name="scores">The policy's scores.</param>
    /// <param name="episodes">Of how many episodes each is.</param>
    /// <returns>The figure.</returns>
    public static Figure Scores(ScoreCurve scores, int episodes)
    {
        var sheet = new SvgSheet("learning-curve", 1.5 * Width, 1.2 * Height);
        sheet.Add(Panels.Curve(scores), 0, 0, 1.5 * Width, 1.2 * Height);
        return new(
            "learning-curve",
            FormattableString.Invariant($"Score of the policy by itself over the steps of alignment: the mean and, shaded, the standard deviation of {episodes} episodes, the same at every step."),
            sheet.ToDocument());
    }

    /// <summary>Draws one quantity of several runs, a line each.</summary>
    /// <param name="name">The figure's name, unlike that of any other on its page.</param>
    /// <param name="curves">The curves, at least one.</param>
    /// <returns>The figure.</returns>
    public static Figure Overlaid(string name, IReadOnlyList<OverlaidCurve> curves)
    {
        var sheet = new SvgSheet(string.Concat(name.Where(char.IsAsciiLetterOrDigit)), Width, Height);
        sheet.Add(Panels.Curves(curves), 0, 0, Width, Height);
        return new(name, name, sheet.ToDocument());
    }

    private static string Draw(IReadOnlyList<LossCurve> curves)
    {
        int rows = (curves.Count + MostInRow - 1) / MostInRow;
        const double RowHeight = HeadRoom + Height + RowGap;
        var sheet = new SvgSheet("losses", Math.Min(curves.Count, MostInRow) * Width, (rows * RowHeight) - RowGap);
        for (int i = 0; i < curves.Count; i++)
        {
            double left = i % MostInRow * Width;
            double top = (i / MostInRow * RowHeight) + HeadRoom;
            sheet.Write(curves[i].Title, left + (Width / 2) + 15, top - TitleGap);
            sheet.Add(Panels.Curve(curves[i]), left, top, Width, Height);
        }

        return sheet.ToDocument();
    }
}
