using System.Text.Json;

namespace EDA.Tests.Environments;

/// <summary>A rollout of a model file from elsewhere, written by Golden/physics.c.</summary>
public sealed record PhysicsGolden(
    string Environment,
    int Mujoco,
    double[]? Goal,
    double[] Positions,
    double[] Velocities,
    double[] Start,
    double[][] Actions,
    double[][] Observations,
    double[] Rewards,
    bool[] Terminated)
{
    /// <summary>Observations are stored after every so many steps.</summary>
    public const int Every = 5;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static PhysicsGolden Read(string environment)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Golden", "data", $"physics-{environment}.json");
        return JsonSerializer.Deserialize<PhysicsGolden>(File.ReadAllBytes(path), Options)
            ?? throw new InvalidDataException($"{path} is empty");
    }
}
