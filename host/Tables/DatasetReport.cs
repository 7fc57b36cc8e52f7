using EDA.Engine;
using EDA.Engine.Data;
using Spectre.Console;

namespace EDA.Host.Tables;

/// <summary>What <c>eda data inspect</c> shows of a dataset.</summary>
internal static class DatasetReport
{
    public static void Write(IAnsiConsole console, DatasetInspection inspection)
    {
        var provenance = inspection.Provenance;
        Line(console, $"file         {provenance.Path}");
        Line(console, FormattableString.Invariant($"format       {provenance.Format}, {provenance.Bytes} bytes"));
        Line(console, $"SHA-256      {provenance.Sha256}");
        console.Write(Fields(inspection));
        if (inspection.Dataset is { } dataset)
            Write(console, dataset);
        foreach (string note in inspection.Notes)
            Line(console, $"note         {note}");
        foreach (string problem in inspection.Problems)
            Line(console, $"problem      {problem}");
        if (inspection.Problems.Count == 0)
            Line(console, "problems     none");
    }

    private static void Write(IAnsiConsole console, OfflineDataset dataset)
    {
        var environment = dataset.Environment;
        var view = new QLearningView(dataset);
        Line(console, $"environment  {environment?.Name ?? "unknown"}");
        Line(console, FormattableString.Invariant($"rows         {dataset.Count}, S = {dataset.StateSize}, A = {dataset.ActionSize}; {view.Count} transitions in the Q-learning view"));
        var ends = dataset.Episodes.CountBy(episode => episode.End).ToDictionary();
        Line(console, FormattableString.Invariant(
            $"episodes     {dataset.Episodes.Count}: {ends.GetValueOrDefault(EpisodeEnd.Terminal)} terminal, {ends.GetValueOrDefault(EpisodeEnd.Timeout)} timeout, {ends.GetValueOrDefault(EpisodeEnd.Unfinished)} unfinished"));
        console.Write(Episodes(dataset));
        double[] values = [.. dataset.Episodes.Select(episode => environment?.Reference.Score(episode.Return) ?? episode.Return)];
        Line(console, $"episodes by {(environment is null ? "return" : "normalised score")}");
        console.Write(Chart(Histogram.Of(values)));
    }

    private static Table Fields(DatasetInspection inspection)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("field", "shape", "type", "kept as");
        foreach (var field in inspection.Fields)
            table.AddRow([.. new[] { field.Name, field.Shape, field.Type, field.Storage }.Select(text => new Text(OneLine.Printable(text)))]);
        return table;
    }

    private static Table Episodes(OfflineDataset dataset)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("of an episode");
        foreach (string name in (string[])["least", "mean", "deviation", "greatest"])
            table.AddColumn(new TableColumn(name).RightAligned());
        Row("length", [.. dataset.Episodes.Select(episode => (double)episode.Count)]);
        Row("return", [.. dataset.Episodes.Select(episode => episode.Return)]);
        if (dataset.Environment is { } environment)
            Row("normalised score", [.. dataset.Episodes.Select(episode => environment.Reference.Score(episode.Return))]);
        return table;

        void Row(string name, double[] values)
        {
            double mean = values.Average();
            double deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            table.AddRow(new Text(name), Number(values.Min()), Number(mean), Number(deviation), Number(values.Max()));
        }

        static Text Number(double value) => new(value.ToString("0.00", CultureInfo.InvariantCulture));
    }

    private static BarChart Chart(Histogram histogram)
    {
        var chart = new BarChart().Width(80);
        foreach (var bin in histogram.Bins)
            chart.AddItem(FormattableString.Invariant($"{bin.From:0.####} to {bin.To:0.####}"), bin.Count, Color.Grey);
        return chart;
    }

    // Words of a file may hold what Spectre takes for markup, or a terminal for orders, so they go as text; and lines are not broken.
    private static void Line(IAnsiConsole console, string text) => console.Profile.Out.Writer.WriteLine(OneLine.Of(text));
}
