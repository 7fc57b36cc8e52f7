using System.Text.Json.Nodes;
using EDA.Engine.Data;

namespace EDA.Engine.Environments.Python;

/// <summary>
/// An environment with Gymnasium's interface, <c>gym:ID</c> or <c>python:module:Class</c>, stepped in processes of the user's python3. What it is
/// is asked of it when that is first needed. It has no reference returns: its score is the return itself.
/// </summary>
internal sealed class PythonKind : EnvironmentKind
{
    /// <summary>What the names of such environments begin with.</summary>
    public static readonly string[] Prefixes = ["gym:", "python:"];

    private readonly Lazy<Asked> _asked;
    private readonly Lazy<PythonWorker>[] _workers;
    private int _made;

    /// <summary>Makes the kind. Nothing is started yet.</summary>
    /// <param name="name">Its name, prefix included.</param>
    public PythonKind(string name)
    {
        Name = name;
        _workers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Lazy<PythonWorker>(() => new PythonWorker(name)))];
        _asked = new(Ask);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override EnvironmentDescription Description => _asked.Value.Description;

    /// <inheritdoc/>
    public override ReferenceReturns Reference => ReferenceReturns.Identity;

    /// <inheritdoc/>
    public override D4rlDomain Domain => D4rlDomain.Other;

    /// <inheritdoc/>
    public override bool NeedsMujoco => false;

    /// <summary>Whether a name is of such an environment.</summary>
    /// <param name="name">The name.</param>
    public static bool IsOne(string? name) => name is not null && Array.Exists(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length);

    /// <inheritdoc/>
    public override IEnvironment Create()
    {
        int number = Interlocked.Increment(ref _made);
        return new PythonEnvironment(Description, _workers[number % _workers.Length].Value, Name, number, _asked.Value.Low, _asked.Value.High);
    }

    private Asked Ask()
    {
        var answer = Describe();
        int states = answer["observations"]!.GetValue<int>(), actions = answer["actions"]!.GetValue<int>();
        return new(
            new EnvironmentDescription(
                Name,
                "an environment of the user's own, stepped in Python",
                [.. Enumerable.Range(0, states).Select(i => new Variable(FormattableString.Invariant($"s{i}"), string.Empty))],
                [.. Enumerable.Range(0, actions).Select(i => Variable.Action(FormattableString.Invariant($"a{i}"), string.Empty))],
                0,
                0,
                answer["limit"]?.GetValue<int>() ?? D4rlEnvironment.UsualEpisodeLimit,
                answer["seconds"]?.GetValue<double>() ?? 0.05,
                Reference,
                Domain),
            Numbers(answer["low"]!),
            Numbers(answer["high"]!));

        static double[] Numbers(JsonNode node) => [.. node.AsArray().Select(value => value!.GetValue<double>())];
    }

    private JsonObject Describe()
    {
        try
        {
            return _workers[0].Value.Ask(new JsonObject { ["describe"] = Name });
        }
        catch (EnvironmentFailedException error)
        {
            throw new InvalidSettingException("environment", Name, $"one that Python can make ({error.Message[(Name.Length + 2)..]})");
        }
    }

    private sealed record Asked(EnvironmentDescription Description, double[] Low, double[] High);
}
