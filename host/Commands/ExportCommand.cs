using System.CommandLine;
using EDA.Engine.Baselines;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Export;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Reports;

namespace EDA.Host.Commands;

/// <summary>eda export onnx: a run's policy, its log-density or its score for programs that run ONNX models.</summary>
internal static class ExportCommand
{
    private const int MostCandidates = 4096;
    private const string PolicyPart = "policy", DensityPart = "density", ScorePart = "score";

    // Which weights: the file, and the stage that leaves it.
    private static readonly Dictionary<string, (Func<StageFiles, string> File, string Stage)> _models = new()
    {
        ["policy"] = (files => files.PolicyWeights, RunStages.Align),
        ["behavior"] = (files => files.BehaviorWeights, RunStages.Behavior),
        ["weighted"] = (files => files.WeightedWeights, RunStages.Weigh),
    };

    public static Command Create() => new("export", "Take a policy along, for other programs.") { Onnx() };

    private static Command Onnx()
    {
        var folder = new Argument<string?>("RUN") { Description = "the run's folder", Arity = ArgumentArity.ZeroOrOne };
        var target = new Option<string?>("--out") { Description = "the .onnx file to write, which must not exist yet", HelpName = "FILE" };
        var part = new Option<string?>("--part") { Description = $"what it computes: {PolicyPart} (states and noise to actions), {DensityPart} (f), {ScorePart} (∇f) ({PolicyPart})", HelpName = "NAME" };
        var model = new Option<string?>("--model") { Description = $"whose weights: {string.Join(", ", _models.Keys)} (policy)", HelpName = "NAME" };
        var candidates = new Option<string?>("--candidates") { Description = "samples for each state, of which the critic chooses one (1)", HelpName = "K" };
        var command = new Command("onnx", "Write a policy, its log-density or its score as an ONNX model (docs/take-along.md).") { folder, target, part, model, candidates };
        command.SetAction(result =>
        {
            var run = SavedRun.Open(result.GetValue(folder) ?? throw new UserError($"{folder.Name} is missing; it is {folder.Description}"));
            string path = Values.NewFile(target.Name, result.Required(target));
            string wanted = result.OneOf(part, [PolicyPart, DensityPart, ScorePart], PolicyPart);
            string whose = result.OneOf(model, _models.Keys, "policy");
            int? samples = result.WholeNumber(candidates, 1, MostCandidates);
            var settings = run.Settings;
            if (settings.Method.Row != Method.Eda)
                throw UserError.Value(folder.Name, run.Folder.ShownPath, $"a run of the method {Method.Eda}; this one is of {settings.Method.Row}");
            if (samples is not null && wanted != PolicyPart)
                throw UserError.Value(candidates.Name, samples.Value.ToString(CultureInfo.InvariantCulture), $"nothing with {part.Name} {wanted}");
            if (samples > 1 && settings.Kind == RunKind.Bandit)
                throw UserError.Value(candidates.Name, samples.Value.ToString(CultureInfo.InvariantCulture), "1 of a bandit, which has no critic");
            var (file, stage) = _models[whose];
            var weights = BdmWeights.Load(run.Require(file(run.Files), stage));
            var critic = samples > 1 ? CriticWeights.Load(run.Require(run.Files.CriticWeights, RunStages.Critic), weights.Layout.Shape.StateSize) : null;
            var provenance = Provenance(run, weights, whose, wanted == PolicyPart ? samples ?? 1 : null);
            byte[] bytes = wanted switch
            {
                PolicyPart => OnnxExport.Policy(weights, DpmSolver.Singlestep(NoiseSchedule.Published, settings.Evaluation.SolverEvaluations, 2), samples ?? 1, critic, settings.Critic.ClipsActions, provenance),
                DensityPart => OnnxExport.Density(weights, provenance),
                _ => OnnxExport.Score(weights, provenance),
            };
            WholeFile.Write(path, overwrite: false, written => File.WriteAllBytes(written, bytes));
            Console.Out.WriteLine($"{path}: {(wanted == whose ? wanted : $"{wanted} of {whose}")}, {bytes.Length.ToString("#,0", CultureInfo.InvariantCulture)} bytes");
            return ExitStatus.Success;
        });
        return command;
    }

    private static Dictionary<string, string> Provenance(SavedRun run, BdmWeights weights, string whose, int? candidates)
    {
        var (settings, shape) = (run.Settings, weights.Layout.Shape);
        var known = new Dictionary<string, string>
        {
            ["eda.version"] = ProgramVersion.Engine,
            ["eda.command"] = run.Request.Command,
            ["eda.recipe"] = run.Request.Task.Name,
            ["eda.seed"] = settings.Seed.ToString(CultureInfo.InvariantCulture),
            ["eda.model"] = whose,
            ["eda.state_size"] = shape.StateSize.ToString(CultureInfo.InvariantCulture),
            ["eda.action_size"] = shape.ActionSize.ToString(CultureInfo.InvariantCulture),
        };
        if (candidates is { } k)
        {
            known["eda.candidates"] = k.ToString(CultureInfo.InvariantCulture);
            known["eda.solver_evaluations"] = settings.Evaluation.SolverEvaluations.ToString(CultureInfo.InvariantCulture);
        }

        if (settings.Kind == RunKind.Dataset)
        {
            var description = EnvironmentCatalogue.Find(settings.Environment).Description;
            known["eda.environment"] = description.Name;
            known["eda.states"] = Words(description.Observations);
            known["eda.actions"] = Words(description.Actions);
            known["eda.dataset_sha256"] = run.Request.Sha256 ?? "made by the recipe";
        }

        return known;

        static string Words(IReadOnlyList<Variable> variables) => string.Join("; ", variables.Select(variable => variable.Unit.Length == 0 ? variable.Name : $"{variable.Name} ({variable.Unit})"));
    }
}
