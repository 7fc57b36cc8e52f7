using System.Globalization;
using EDA.Engine.Environments;
using EDA.Host.Setup;

namespace EDA.Tests.Environments;

/// <summary>docs/environments.md says what the environments are.</summary>
public class EnvironmentDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(SourceTree.RequireRoot(), "docs", "environments.md"));

    public static TheoryData<string> Names => [.. EnvironmentCatalogue.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_overview_has_every_environments_numbers(string name)
    {
        var about = EnvironmentCatalogue.Find(name).Description;
        string row = Document.Split('\n').Single(line => line.StartsWith($"| `{name}` |", StringComparison.Ordinal));
        string[] cells = [.. row.Split('|').Select(cell => cell.Trim())];
        Assert.Equal([Number(about.ObservationSize), Number(about.ActionSize), Number(about.StepSeconds) + " s", Number(about.StepLimit)], cells[3..7]);
        Assert.Equal($"{Number(about.Reference.Random)}, {Number(about.Reference.Expert)}", cells[8]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_section_has_every_observation_and_action(string name)
    {
        var about = EnvironmentCatalogue.Find(name).Description;
        string section = Document.Split("\n## ").Single(part => part.Split('\n')[0].Split(", ").Contains(name));
        string[][] rows = [.. section.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|').Select(cell => cell.Trim()).ToArray())];
        for (int i = 0; i < about.ObservationSize; i++)
        {
            var variable = about.Observations[i];
            if (variable.Name.StartsWith("goal of ", StringComparison.Ordinal))
                continue;
            string[] row = rows.Single(cells => cells[1] == $"s{i}");
            Assert.Equal([variable.Name, variable.Unit.Length > 0 ? variable.Unit : "—", Number(variable.Least)], row[2..5]);
            Assert.Contains(Number(variable.Most), row[5], StringComparison.Ordinal);
        }

        for (int i = 0; i < about.ActionSize; i++)
            Assert.Equal([about.Actions[i].Name, about.Actions[i].Unit], rows.Single(cells => cells[1] == $"a{i}")[2..4]);
    }

    private static string Number(double value) => (value < 0 ? "−" : string.Empty) + (double.IsInfinity(value) ? "∞" : Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
}
