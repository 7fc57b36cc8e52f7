using System.CommandLine;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Host.CommandLine;
using EDA.Host.Tables;

namespace EDA.Host.Commands;

/// <summary>eda gaps: a policy's log-density gaps to its behavior on labelled candidates, and how well they follow the labels.</summary>
internal static class GapsCommand
{
    public static Command Create()
    {
        var policy = new Option<string?>("--policy") { Description = "the .safetensors file of the policy", HelpName = "FILE" };
        var behavior = new Option<string?>("--behavior") { Description = "the .safetensors file of the behavior it was aligned from", HelpName = "FILE" };
        var prefix = WeightsPrefix.Create();
        var labels = new Option<string?>("--labels") { Description = "the .npz file of states, candidates, and q or winner", HelpName = "FILE" };
        var target = new Option<string?>("--out") { Description = "the CSV file to write, which must not exist yet", HelpName = "FILE" };
        var objective = new Option<string?>("--objective") { Description = $"the loss that is measured: {string.Join(", ", ObjectiveKind.Table.Names)} (value; preference where there are winners alone)", HelpName = "NAME" };
        var temperature = new Option<string?>("--temperature") { Description = "β, the factor on the gaps in the loss (1)", HelpName = "NUMBER" };
        var labelScale = new Option<string?>("--label-scale") { Description = "q, the factor on the labels in the loss (3)", HelpName = "NUMBER" };
        var seed = new Option<string?>("--seed") { Description = "the seed of diffusion times and noise in the loss (0)", HelpName = "N" };
        var device = new DeviceOptions();
        var command = new Command("gaps", "Measure a policy's log-density gaps to its behavior on labelled candidates.") { policy, behavior, prefix, labels, target, objective, temperature, labelScale, seed };
        device.AddTo(command);
        command.SetAction(result =>
        {
            string policyPath = Values.ExistingFile(policy.Name, result.Required(policy));
            string behaviorPath = Values.ExistingFile(behavior.Name, result.Required(behavior));
            string labelsPath = Values.ExistingFile(labels.Name, result.Required(labels));
            string targetPath = Values.NewFile(target.Name, result.Required(target));
            var (beta, q) = (result.PositiveNumber(temperature, 1), result.PositiveNumber(labelScale, 3));
            var given = UserLabels.Load(labelsPath);
            var kind = result.GetValue(objective) is { } name ? ObjectiveKind.Table.Find(name) : given.HasValues ? ObjectiveKind.Value : ObjectiveKind.Preference;
            if (kind.OnlyCandidates is { } only && given.CandidateCount != only)
                throw new InvalidFileException(labelsPath, FormattableString.Invariant($"has {given.CandidateCount} candidates of each state where the objective {kind} takes {only}"));
            using var opened = device.Of(result).Open();
            using var policyModel = BottleneckDiffusionModel.FromWeights(opened, result.Load(prefix, policyPath));
            using var behaviorModel = BottleneckDiffusionModel.FromWeights(opened, result.Load(prefix, behaviorPath));
            if (policyModel.Shape != behaviorModel.Shape)
                throw new InvalidFileException(behaviorPath, $"is a network of other sizes than {policyPath}");
            var outcome = AlignmentEvaluation.Measure(policyModel, behaviorModel, given, kind.Create(beta, q), result.Seed(seed));
            FiniteOutput.Require(policyPath, outcome.Gaps, given.CandidateCount, "state");
            Write(targetPath, outcome.Gaps, given.CandidateCount);
            Console.Out.WriteLine(FormattableString.Invariant($"states {given.Count}, candidates {given.CandidateCount}"));
            Console.Out.WriteLine(FormattableString.Invariant($"loss {outcome.Loss:0.0000} ({kind}; {Math.Log(given.CandidateCount):0.0000} where all gaps are equal)"));
            Console.Out.WriteLine(FormattableString.Invariant($"the best candidate by label has the largest gap in {outcome.Agreement:0.0 %} of the states ({1.0 / given.CandidateCount:0.0 %} by chance)"));
            return ExitStatus.Success;
        });
        return command;
    }

    private static void Write(string path, float[] gaps, int candidates)
    {
        using var csv = CsvFile.Create(path);
        csv.Row([ColumnNames.State, ColumnNames.Candidate, ColumnNames.Gap]);
        for (int i = 0; i < gaps.Length; i++)
            csv.Row([(i / candidates).ToString(CultureInfo.InvariantCulture), (i % candidates).ToString(CultureInfo.InvariantCulture), CsvFile.Text(gaps[i])]);
    }
}
