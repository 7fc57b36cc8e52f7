using System.Xml.Linq;
using EDA.Engine.Evaluation;
using EDA.Host.Figures;

namespace EDA.Tests.Host;

/// <summary>The figure of sampled actions, out of numbers that are made up.</summary>
public sealed class ActionFigureTests
{
    private const int Candidates = 256;

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    [InlineData(9, 3)]
    public void A_state_has_a_panel_for_each_policy_one_of_q_and_one_for_each_entry(int actionSize, int policies)
    {
        var samples = Samples(actionSize, policies, 4);
        var figure = ActionFigure.Draw(samples);
        Assert.Equal("actions", figure.Name);
        Assert.InRange(figure.Svg.Length, 1000, 250_000);
        Assert.Equal(figure.Svg, ActionFigure.Draw(samples).Svg);
        var root = XDocument.Parse(figure.Svg).Root!;
        Assert.Equal(4 * (policies + 1 + actionSize), Panels(root).Count());
        string[] words = [.. Words(root)];
        Assert.All(samples.Rows, row => Assert.Contains(FormattableString.Invariant($"State of the dataset's row {row:#,0}"), words));
        Assert.All(samples.Policies, policy => Assert.Equal(8, words.Count(word => word == policy.Name)));
        Assert.Contains("mean Q of the samples, and its difference to behavior", words);
        Assert.Equal(4, words.Count(word => word == "the data's action"));

        // The data's action is a red cross in each cloud, and a red line in each distribution.
        Assert.Equal(4 * policies, Panels(root).SelectMany(panel => panel.Descendants()).Count(line => line.Attribute("style")?.Value is { } style && style.Contains("rgb(214,39,40)", StringComparison.Ordinal) && style.Contains("stroke-width:2", StringComparison.Ordinal)));
        Assert.Contains("What the tilt from behavior to policy did in 4 states of the dataset: 256 sampled actions of each", figure.Caption, StringComparison.Ordinal);
        Assert.Equal(actionSize > 2, figure.Caption.Contains($"Of the {actionSize} entries of an action the two are shown", StringComparison.Ordinal));
    }

    [Fact]
    public void The_entries_that_moved_most_are_shown()
    {
        var samples = Samples(6, 3, 2);
        Assert.Equal((1, 4), ActionFigure.Pair(samples, 0));
        Assert.Equal((1, 4), ActionFigure.Pair(samples, 1));
        string[] words = [.. Words(XDocument.Parse(ActionFigure.Draw(samples).Svg).Root!)];
        Assert.Equal(2, words.Count(word => word == "a1, above"));
        Assert.Equal(2, words.Count(word => word == "a4, above"));
        Assert.Equal(2, words.Count(word => word == "a0"));
        Assert.Equal((0, 1), ActionFigure.Pair(Samples(6, 1, 1), 0));
    }

    [Fact]
    public void Without_a_critic_there_is_no_q()
    {
        var samples = Samples(3, 2, 1);
        var plain = samples with { DataQ = null, Policies = [.. samples.Policies.Select(policy => policy with { Q = null })] };
        var figure = ActionFigure.Draw(plain);
        var root = XDocument.Parse(figure.Svg).Root!;
        Assert.Equal(2 + 3, Panels(root).Count());
        Assert.DoesNotContain(Words(root), word => word.Contains('Q', StringComparison.Ordinal));
        Assert.DoesNotContain("Colour", figure.Caption, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ActionFigure.Draw(plain with { ActionSize = 1 }));
    }

    [Fact]
    public void One_policy_alone_and_samples_that_are_all_alike_are_drawn()
    {
        var one = Samples(3, 1, 2);
        Assert.StartsWith("What behavior does in 2 states of the dataset", ActionFigure.Draw(one).Caption, StringComparison.Ordinal);
        var same = one with { DataQ = [1, 1], Policies = [new("behavior", new float[2 * Candidates * 3], [.. Enumerable.Repeat(1f, 2 * Candidates)], null)] };
        Assert.DoesNotContain("NaN", ActionFigure.Draw(same).Svg, StringComparison.Ordinal);
    }

    private static IEnumerable<XElement> Panels(XElement root) => root.Elements().Where(element => element.Name.LocalName == "svg");

    private static IEnumerable<string> Words(XElement root) => root.Elements().Where(element => element.Name.LocalName == "text").Select(element => element.Value);

    // From policy to policy the entries 1 and 4 move, and everything else stays as it is.
    private static ActionSamples Samples(int actionSize, int policies, int states)
    {
        var random = new Random(3);
        string[] names = policies switch { 1 => ["behavior"], 2 => ["behavior", "policy"], _ => ["behavior", "weighted", "policy"] };
        return new ActionSamples
        {
            Rows = [.. Enumerable.Range(0, states).Select(i => 12_345 * (i + 1))],
            StateSize = 1,
            ActionSize = actionSize,
            Candidates = Candidates,
            States = new float[states],
            DataActions = Numbers(states * actionSize, _ => 0),
            DataQ = Numbers(states, _ => 0),
            Policies =
            [
                .. names.Select((name, p) => new SampledActions(
                    name, Numbers(states * Candidates * actionSize, i => (i % actionSize) is 1 or 4 ? 0.3 * p : 0), Numbers(states * Candidates, _ => p), Numbers(states * Candidates, _ => 0))),
            ],
        };

        float[] Numbers(int count, Func<int, double> shift) => [.. Enumerable.Range(0, count).Select(i => (float)(shift(i) + random.NextDouble() - 0.5))];
    }
}
